using Microsoft.Extensions.Time.Testing;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Generation.Scheduling;

public sealed class PassSchedulerTests : IDisposable
{
    private readonly RecordingModel _model = new(ScriptedModel.Hashing(50));
    private readonly FakeTimeProvider _time = new();
    private readonly PassScheduler _scheduler;
    private readonly List<RwkvXState> _states = [];

    public PassSchedulerTests() => _scheduler = new PassScheduler(_model, _time);

    public void Dispose()
    {
        _states.ForEach(state => state.Dispose());
        _model.Dispose();
    }

    [Fact]
    public async Task RunAsync_WhileAPassRuns_GoTogetherInTheNext()
    {
        Task first = HoldAsync();
        Task[] steps = [.. Enumerable.Range(0, 5).Select(i => StartAsync(NewState(), [i]))];
        await ReleaseAsync([first, .. steps]);
        Assert.Equal([[1], [1, 1, 1, 1, 1]], _model.Batches);
    }

    [Fact]
    public async Task RunAsync_PromptsBesideEachOther_ShareAPassEvenlyAndInTurn()
    {
        Task first = HoldAsync();
        PassLimits limits = new() { PrefillSpan = 64 };
        Task[] prompts = [StartAsync(NewState(), new int[100], limits), StartAsync(NewState(), new int[20], limits)];
        await ReleaseAsync([first, .. prompts]);
        Assert.Equal([[1], [44, 20], [56]], _model.Batches); // what the short one leaves goes to the long one
    }

    [Fact]
    public async Task RunAsync_ManyPrompts_NoneStarvesAndPriorityComesFirst()
    {
        Task first = HoldAsync();
        PassLimits limits = new() { PrefillSpan = 32 };
        Task[] prompts = [.. Enumerable.Range(0, 4).Select(i => StartAsync(NewState(), new int[32], limits, priority: i == 3 ? 1 : 0))];
        List<int> order = [];
        Task[] watched = [.. prompts.Select(async (prompt, i) =>
        {
            await prompt;
            lock (order)
            {
                order.Add(i);
            }
        })];
        await ReleaseAsync([first, .. watched]);
        // Two share a pass, 16 tokens each. The one with priority is in every pass until it has ended; the others take turns.
        Assert.Equal([[1], [16, 16], [16, 16], [16, 16], [16, 16]], _model.Batches);
        Assert.Equal(3, order[0]);
    }

    [Fact]
    public async Task RunAsync_PromptBesideAStream_TakesNoLongerThanTheStall()
    {
        // On this clock a token takes 1 ms, so that a stall of 40 ms is 39 tokens beside one step.
        _model.BeforePass = batch => _time.Advance(TimeSpan.FromMilliseconds(batch.Sum()));
        PassLimits limits = new() { PrefillSpan = 4096, MaxStall = TimeSpan.FromMilliseconds(40) };
        using ScheduledSequence stream = _scheduler.Open(limits);
        stream.IsStreaming = true;
        RwkvXState state = NewState();
        await stream.RunAsync(state, new[] { 1 }, Memory<float>.Empty, CancellationToken.None);
        Task first = HoldAsync();
        Task prompt = StartAsync(NewState(), new int[400], limits);
        Task steps = StepAsync(stream, state, 30);
        await ReleaseAsync(first, prompt, steps);
        int[][] shared = [.. _model.Batches.Where(batch => batch.Any(count => count > 1))];
        Assert.All(shared, batch => Assert.InRange(batch.Sum(), 1, 40));
        Assert.Equal([1, 32], shared[0]); // careful before anything is known of this engine's prompts
        Assert.All(shared.Skip(1).SkipLast(1), batch => Assert.Equal([1, 39], batch));
        Assert.Equal(400, shared.Sum(batch => batch[^1]));
    }

    [Fact]
    public async Task RunAsync_CancelledWhileWaiting_LeavesTheQueueAtOnce()
    {
        Task first = HoldAsync();
        using CancellationTokenSource source = new();
        RwkvXState state = NewState();
        Task waiting = StartAsync(state, [1, 2, 3], cancellationToken: source.Token);
        Task other = StartAsync(NewState(), [1]);
        await source.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting); // the pass is still held
        Assert.Equal(source.Token, error.CancellationToken);
        await ReleaseAsync(first, other);
        Assert.Equal([[1], [1]], _model.Batches);
        Assert.True(state.IsValid);
        Assert.Equal(0, state.TokenCount);
    }

    [Fact]
    public async Task RunAsync_OneOfAPassCancelled_TheOtherIsWhole()
    {
        Task first = HoldAsync();
        using CancellationTokenSource source = new();
        RwkvXState state = NewState(), kept = NewState();
        Task cancelled = StartAsync(state, [1, 2, 3], cancellationToken: source.Token);
        Task other = StartAsync(kept, [1, 2, 3]);
        _model.BeforePass = batch => (batch.Length == 2 ? source : new CancellationTokenSource()).Cancel();
        await ReleaseAsync(first, other);
        await cancelled; // its tokens ran, there was nothing left to cancel
        Assert.Equal((3, 3), (state.TokenCount, kept.TokenCount));
    }

    [Fact]
    public async Task RunAsync_AllOfAPassCancelled_EndsThePass()
    {
        Task first = HoldAsync();
        using CancellationTokenSource source = new(), second = new();
        RwkvXState[] states = [NewState(), NewState()];
        Task[] cancelled = [StartAsync(states[0], new int[9], cancellationToken: source.Token), StartAsync(states[1], new int[9], cancellationToken: second.Token)];
        _model.BeforePass = batch =>
        {
            if (batch.Length == 2)
            {
                source.Cancel();
                second.Cancel();
            }
        };
        await ReleaseAsync(first);
        OperationCanceledException[] errors = [.. await Task.WhenAll(cancelled.Select(task => Assert.ThrowsAnyAsync<OperationCanceledException>(() => task)))];
        Assert.Equal([source.Token, second.Token], errors.Select(error => error.CancellationToken));
        Assert.All(states, state => Assert.False(state.IsValid));
        _model.BeforePass = null;
        await StartAsync(NewState(), [1]); // the next pass is not cancelled with them
    }

    [Fact]
    public async Task RunAsync_OneWithAWrongToken_OnlyItFails()
    {
        Task first = HoldAsync();
        RwkvXState good = NewState(), bad = NewState(), gone = NewState();
        gone.Dispose();
        Task[] all = [StartAsync(good, [1, 2]), StartAsync(bad, [1, 99]), StartAsync(gone, [1]), StartAsync(NewState(), [3])];
        await ReleaseAsync(first, all[0], all[3]);
        await Assert.ThrowsAsync<ArgumentException>(() => all[1]);
        await Assert.ThrowsAnyAsync<Exception>(() => all[2]);
        Assert.Equal((2, 0), (good.TokenCount, bad.TokenCount));
    }

    [Fact]
    public async Task RunAsync_EngineFails_EachGetsTheErrorAndTheNextPassRuns()
    {
        Task first = HoldAsync();
        Task[] all = [StartAsync(NewState(), [1]), StartAsync(NewState(), [2])];
        _model.Inner.OnPass = pass => _ = pass == 2 ? throw new InvalidOperationException("broken card") : 0;
        await ReleaseAsync(first);
        foreach (Task task in all)
        {
            Assert.Equal("broken card", (await Assert.ThrowsAsync<InvalidOperationException>(() => task)).Message);
        }

        _model.Inner.OnPass = null;
        await StartAsync(NewState(), [1]);
    }

    [Fact]
    public async Task RunAsync_TwiceAtOnce_Throws()
    {
        Task first = HoldAsync();
        using ScheduledSequence sequence = _scheduler.Open();
        RwkvXState state = NewState();
        ValueTask run = sequence.RunAsync(state, new[] { 1 }, Memory<float>.Empty, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => sequence.RunAsync(state, new[] { 2 }, Memory<float>.Empty, CancellationToken.None).AsTask());
        await ReleaseAsync(first, run.AsTask());
    }

    /// <summary>Begins a pass of one token that waits for <see cref="ReleaseAsync"/>.</summary>
    private Task HoldAsync()
    {
        _model.Hold();
        RwkvXState state = NewState();
        Task held = Task.Run(() => StartAsync(state, [0]));
        _model.WaitUntilHeld();
        return held;
    }

    private async Task ReleaseAsync(params Task[] tasks)
    {
        _model.Release();
        await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromSeconds(60));
    }

    private RwkvXState NewState()
    {
        RwkvXState state = _model.CreateState();
        _states.Add(state);
        return state;
    }

    private static async Task StepAsync(ScheduledSequence sequence, RwkvXState state, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await sequence.RunAsync(state, new[] { i }, Memory<float>.Empty, CancellationToken.None);
        }
    }

    private async Task StartAsync(
        RwkvXState state, int[] tokens, PassLimits? limits = null, int priority = 0, CancellationToken cancellationToken = default)
    {
        using ScheduledSequence sequence = _scheduler.Open(limits, priority);
        await sequence.RunAsync(state, tokens, Memory<float>.Empty, cancellationToken);
    }
}
