using RwkvX.AI.Models;
using RwkvX.AI.Sessions;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Sessions;

public sealed class PrefixCacheTests
{
    private const long Plenty = 1 << 30;
    private readonly ScriptedModel _model = ScriptedModel.Hashing(100);

    [Fact]
    public void Take_RandomPrompts_FindsTheLongestPrefixLikeTheNaiveTwin()
    {
        Random random = new(1);
        using PrefixCache cache = new(Plenty, 16);
        List<int[]> kept = [];
        for (int round = 0; round < 600; round++)
        {
            int[] tokens = RandomTokens(random);
            int expected = kept.Where(k => tokens.AsSpan().StartsWith(k)).Select(k => k.Length).DefaultIfEmpty(0).Max();
            PrefixMatch? match = cache.Take(tokens);
            Assert.Equal(expected, match?.Length ?? 0);
            if (match is { } found)
            {
                Assert.Equal(tokens[..expected], ((ScriptedState)found.State).History.ToArray());
                found.State.Dispose();
            }

            if (tokens.Length > 0 && round % 2 == 0)
            {
                cache.Add(tokens, StateOf(tokens), null);
                kept.Add(tokens);
            }
        }

        Assert.Equal(kept.Select(k => string.Join(',', k)).Distinct().Count(), cache.Count);
    }

    [Fact]
    public void Take_AfterTheForkAdvanced_StillGivesTheKeptState()
    {
        using PrefixCache cache = new(Plenty, 16);
        cache.Add([1, 2, 3], StateOf([1, 2, 3]), null);
        using (RwkvXState first = cache.Take([1, 2, 3, 4])!.Value.State)
        {
            _model.Forward(first, Enumerable.Repeat(9, 1).ToArray(), default);
        }

        using RwkvXState second = cache.Take([1, 2, 3, 4])!.Value.State;
        Assert.Equal([1, 2, 3], ((ScriptedState)second).History.ToArray());
    }

    [Fact]
    public void Add_LineOfCheckpoints_ChargesPagesOnce()
    {
        using PrefixCache cache = new(Plenty, 16);
        int[] tokens = new int[40];
        PrefixCacheEntry? older = cache.Add(tokens.AsSpan(0, 20), StateOf(tokens[..20]), null); // 2 pages, the second part full
        Assert.Equal(1000 + (2 * 160) + (4 * 20), cache.Bytes);
        cache.Add(tokens, StateOf(tokens), older); // 3 pages, the first shared with the older one
        long line = 1000 + 1000 + 160 + 160 + (2 * 160) + (4 * 40);
        Assert.Equal(line, cache.Bytes);
        cache.Add([.. tokens[..20], 7], StateOf([.. tokens[..20], 7]), older); // a branch shares it too
        Assert.Equal(line + 1000 + 160 + 4, cache.Bytes);
        cache.Add([5, .. tokens], StateOf([5, .. tokens]), null); // a line of its own shares nothing
        Assert.Equal(line + 1000 + 160 + 4 + 1000 + (3 * 160) + (4 * 41), cache.Bytes);
    }

    [Fact]
    public void Add_OverBudget_DropsTheLeastRecentlyUsed()
    {
        using PrefixCache cache = new(3400, 16); // three of 1,164 do not fit, two do
        cache.Add([1], StateOf([1]), null);
        cache.Add([2], StateOf([2]), null);
        cache.Take([1, 5])!.Value.State.Dispose();
        cache.Add([3], StateOf([3]), null);
        Assert.Equal(2, cache.Count);
        Assert.Null(cache.Take([2, 5]));
        cache.Take([1, 5])!.Value.State.Dispose();
        Assert.InRange(cache.Bytes, 1, 3400);
    }

    [Fact]
    public void Add_OriginEvicted_ItsPagesCountAsLongAsTheyAreHeld()
    {
        using PrefixCache cache = new(2700, 16);
        int[] tokens = new int[32];
        PrefixCacheEntry? older = cache.Add(tokens.AsSpan(0, 16), StateOf(tokens[..16]), null);
        cache.Add(tokens, StateOf(tokens), older);
        Assert.Equal(1000 + 1000 + 320 + 128, cache.Bytes);
        PrefixCacheEntry? other = cache.Add([5], StateOf([5]), null); // the older one goes, its page stays with the newer one
        Assert.Equal(2, cache.Count);
        Assert.Equal(1000 + 320 + 128 + (1000 + 160 + 4), cache.Bytes);
        cache.Add([5, 6], StateOf([5, 6]), other); // the newer one goes, and all its pages with it
        Assert.Equal(2, cache.Count);
        Assert.Equal(1000 + 160 + 1000 + 160 + 8, cache.Bytes);
    }

    [Fact]
    public void Add_LargerThanTheBudget_KeepsNothing()
    {
        using PrefixCache cache = new(0, 16);
        Assert.Null(cache.Add([1], StateOf([1]), null));
        Assert.Equal((0, 0L, 0), (cache.Count, cache.Bytes, _model.LiveStates));
    }

    [Fact]
    public void Add_StateOfOtherLength_Throws()
    {
        using PrefixCache cache = new(Plenty, 16);
        Assert.Throws<ArgumentException>(() => cache.Add([1, 2], StateOf([1]), null));
        Assert.Equal(0, _model.LiveStates);
    }

    [Fact]
    public void FindAnswer_SamePlaceAndText_GivesTheGeneratedIds()
    {
        using PrefixCache cache = new(Plenty, 16);
        cache.Add([1, 2, 30, 31, 4], StateOf([1, 2, 30, 31, 4]), null);
        cache.AddAnswer([1, 2], new KeptAnswer("Hi", [30, 31]));
        Assert.Equal([30, 31], cache.FindAnswer([1, 2], "Hi")!);
        Assert.Null(cache.FindAnswer([1, 2], "Hi "));
        Assert.Null(cache.FindAnswer([1], "Hi"));
        Assert.Null(cache.FindAnswer([1, 2, 30], "Hi"));
    }

    [Fact]
    public void FindAnswer_OwnCheckpointEvicted_LivesAsLongAsALaterOne()
    {
        using PrefixCache cache = new(2700, 16);
        cache.Add([1, 2, 30, 4], StateOf([1, 2, 30, 4]), null);
        cache.AddAnswer([1, 2], new KeptAnswer("Hi", [30]));
        cache.Add([1, 2, 30, 4, 5], StateOf([1, 2, 30, 4, 5]), null);
        cache.Add([9], StateOf([9]), null); // the first goes
        Assert.Equal(2, cache.Count);
        Assert.Equal([30], cache.FindAnswer([1, 2], "Hi")!);
        cache.Add([8], StateOf([8]), null); // the second goes, and the answer with it
        Assert.Null(cache.FindAnswer([1, 2], "Hi"));
    }

    [Fact]
    public void Dispose_EntriesAndForks_ForksLiveOn()
    {
        PrefixCache cache = new(Plenty, 16);
        cache.Add([1, 2], StateOf([1, 2]), null);
        RwkvXState fork = cache.Take([1, 2, 3])!.Value.State;
        cache.Dispose();
        Assert.Equal(1, _model.LiveStates);
        Assert.True(fork.IsValid);
        fork.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Add([1], StateOf([1]), null));
        Assert.Equal(0, _model.LiveStates);
    }

    [Fact]
    public async Task Members_FromManyThreads_KeepBudgetAndContent()
    {
        using PrefixCache cache = new(20_000, 16);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            PrefixCacheEntry? origin = null;
            for (int round = 0; round < 500; round++)
            {
                int[] tokens = [1, .. RandomTokens(random)];
                if (cache.Take(tokens) is { } match)
                {
                    Assert.Equal(tokens[..match.Length], ((ScriptedState)match.State).History.ToArray());
                    match.State.Dispose();
                    origin = match.Entry;
                }

                cache.Add(tokens, StateOf(tokens), origin);
                cache.AddAnswer(tokens.AsSpan(0, 1), new KeptAnswer("a", [seed]));
                Assert.InRange(cache.Bytes, 0, 20_000);
            }
        })));
        Assert.Equal(cache.Count, _model.LiveStates);
        cache.Dispose();
        Assert.Equal((0L, 0), (cache.Bytes, _model.LiveStates));
    }

    private ScriptedState StateOf(int[] tokens)
    {
        RwkvXState state = _model.CreateState();
        if (tokens.Length > 0)
        {
            _model.Forward(state, tokens, default);
        }

        return (ScriptedState)state;
    }

    private static int[] RandomTokens(Random random) => [.. Enumerable.Range(0, random.Next(0, 9)).Select(_ => random.Next(2))];
}
