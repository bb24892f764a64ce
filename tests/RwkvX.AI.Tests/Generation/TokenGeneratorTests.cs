using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Generation;

public sealed class TokenGeneratorTests
{
    private static readonly SamplingOptions Greedy = new() { Temperature = 0 };
    private static readonly int[] Prompt = [1, 2];

    [Fact]
    public async Task NextAsync_AnyPrefillSpan_GivesTheSameTokens()
    {
        int[] prompt = [.. Enumerable.Range(1, 37)];
        async Task<int[]> RunAsync(int span)
        {
            using ScriptedModel model = ScriptedModel.Hashing(50);
            using RwkvXState state = model.CreateState();
            int[] ids = await GenerateAsync(model, state, prompt, 20, span);
            Assert.Equal((prompt.Length + span - 1) / span + 19, model.Passes);
            Assert.Equal(prompt.Length + 19, state.TokenCount); // the last sampled token is not fed
            return ids;
        }

        Assert.Equal(await RunAsync(37), await RunAsync(1));
        Assert.Equal(await RunAsync(37), await RunAsync(5));
    }

    [Fact]
    public async Task NextAsync_Stopped_LeavesTheLastTokenUnfed()
    {
        using ScriptedModel model = ScriptedModel.Hashing(50);
        using RwkvXState state = model.CreateState();
        using TokenGenerator generator = new(new PassScheduler(model), state, Greedy);
        await generator.PrefillAsync(Prompt, isLast: true, CancellationToken.None);
        List<int> ids = [];
        for (int i = 0; i < 3; i++)
        {
            ids.Add(await generator.NextAsync(3 - i, CancellationToken.None));
            Assert.Equal(1 + ids.Count, state.TokenCount);
        }

        Assert.Equal([1, 2, ids[0], ids[1]], ((ScriptedState)state).History.ToArray());
    }

    [Fact]
    public async Task PrefillAsync_CancelledInside_StopsThere()
    {
        using ScriptedModel model = ScriptedModel.Hashing(50);
        using RwkvXState state = model.CreateState();
        using CancellationTokenSource source = new();
        model.OnPass = pass =>
        {
            if (pass == 3)
            {
                source.Cancel();
            }
        };
        using TokenGenerator generator = new(new PassScheduler(model), state, Greedy, new PassLimits { PrefillSpan = 4 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await generator.PrefillAsync(new int[40], isLast: true, source.Token));
        Assert.Equal(3, model.Passes);
        Assert.False(state.IsValid);
    }

    [Fact]
    public async Task NextAsync_Alone_StaysOnItsThread()
    {
        using ScriptedModel model = ScriptedModel.Hashing(50);
        using RwkvXState state = model.CreateState();
        int thread = Environment.CurrentManagedThreadId;
        model.OnPass = _ => Assert.Equal(thread, Environment.CurrentManagedThreadId);
        Task<int[]> ids = GenerateAsync(model, state, Prompt, 20, span: 1);
        Assert.True(ids.IsCompletedSuccessfully);
        Assert.Equal(20, (await ids).Length);
    }

    private static async Task<int[]> GenerateAsync(ScriptedModel model, RwkvXState state, int[] prompt, int count, int span)
    {
        using TokenGenerator generator = new(new PassScheduler(model), state, Greedy, new PassLimits { PrefillSpan = span });
        await generator.PrefillAsync(prompt, isLast: true, CancellationToken.None);
        List<int> ids = [];
        while (ids.Count < count)
        {
            ids.Add(await generator.NextAsync(count - ids.Count, CancellationToken.None));
        }

        return [.. ids];
    }
}
