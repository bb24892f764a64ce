using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Generation.Scheduling;

/// <summary>Engines that choose the next token where they calculate.</summary>
public sealed class ChoosingEngineTests
{
    private const int Vocabulary = 50, Tokens = 20;

    private static readonly SamplingOptions[] Ways =
    [
        new() { Temperature = 0 },
        new() { Temperature = 1, TopP = 0.9f, Seed = 3 },
        new() { Temperature = 0.8f, TopK = 7, MinP = 0.01f, Seed = 4 },
        new() { Temperature = 1, PresencePenalty = 0.5f, FrequencyPenalty = 0.4f, RepetitionPenalty = 1.3f, Seed = 5 },
    ];

    [Fact]
    public async Task NextAsync_ManyTogether_WriteWhatTheHostWouldChoose()
    {
        using ScriptedModel plain = ScriptedModel.Hashing(Vocabulary);
        using ChoosingModel choosing = new(ScriptedModel.Hashing(Vocabulary));
        int[][] expected = await WriteAllAsync(new PassScheduler(plain));
        Assert.Equal(expected, await WriteAllAsync(new PassScheduler(choosing)));
        Assert.Equal((expected.Length * Tokens, 0), (choosing.ChosenCount, choosing.LogitsCount));
    }

    [Fact]
    public async Task NextAsync_WithAConstraint_TakesTheLogitsHome()
    {
        using ChoosingModel model = new(ScriptedModel.Hashing(Vocabulary));
        PassScheduler scheduler = new(model);
        Task<int[]> free = WriteAsync(scheduler, Ways[1], seed: 1);
        Task<int[]> even = WriteAsync(scheduler, Ways[1], seed: 2, new EvenTokens());
        Assert.All(await even, static id => Assert.Equal(0, id % 2));
        Assert.Contains(await free, static id => id % 2 == 1);
        Assert.Equal((Tokens, Tokens), (model.ChosenCount, model.LogitsCount));
    }

    [Fact]
    public async Task RunAsync_OneHasBrokenLogits_TheOthersGoOnFromStatesThatConsumedEachTokenOnce()
    {
        using ChoosingModel model = new(new ScriptedModel(Vocabulary, static (history, logits) => logits[history[0]] = history[0] == 7 ? float.NaN : 1));
        PassScheduler scheduler = new(model);
        RwkvXState[] states = [.. Enumerable.Range(5, 4).Select(_ => model.CreateState())];
        Task<int>[] runs = [.. states.Select((state, i) => Task.Run(async () =>
        {
            using TokenGenerator generator = new(scheduler, state, Ways[0]);
            await generator.PrefillAsync(new[] { 5 + i }, isLast: true, CancellationToken.None);
            return await generator.NextAsync(1, CancellationToken.None);
        }))];
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => runs[2]);
        Assert.Contains("NaN", error.Message, StringComparison.Ordinal);
        int[] chosen = [await runs[0], await runs[1], await runs[3]];
        Assert.Equal([5, 6, 8], chosen);
        Assert.All(states, static state => Assert.Equal(1, state.TokenCount));
        Array.ForEach(states, static state => state.Dispose());
    }

    private static Task<int[][]> WriteAllAsync(PassScheduler scheduler) =>
        Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => WriteAsync(scheduler, Ways[i % Ways.Length], i))));

    private static async Task<int[]> WriteAsync(PassScheduler scheduler, SamplingOptions options, int seed, ITokenConstraint? constraint = null)
    {
        using RwkvXState state = scheduler.Model.CreateState();
        using TokenGenerator generator = new(scheduler, state, options, constraint: constraint);
        await generator.PrefillAsync(Enumerable.Range(seed, 9).ToArray(), isLast: true, CancellationToken.None);
        int[] ids = new int[Tokens];
        for (int i = 0; i < Tokens; i++)
        {
            ids[i] = await generator.NextAsync(Tokens - i, CancellationToken.None);
        }

        return ids;
    }

    private sealed class EvenTokens : ITokenConstraint
    {
        public int TokensToClose => 0;

        public bool IsComplete => true;

        public bool CanContinue => true;

        public bool IsEnded => false;

        public void FillMask(Span<ulong> allowed, int remainingTokens) => allowed.Fill(0x5555555555555555);

        public void Accept(int token)
        {
        }
    }
}
