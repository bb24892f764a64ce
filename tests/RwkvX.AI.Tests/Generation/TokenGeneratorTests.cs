using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Generation;

public sealed class TokenGeneratorTests
{
    private static readonly SamplingOptions Greedy = new() { Temperature = 0 };
    private static readonly int[] Prompt = [1, 2];

    [Fact]
    public void Generate_AnyPrefillSpan_GivesTheSameTokens()
    {
        int[] prompt = [.. Enumerable.Range(1, 37)];
        int[] Run(int span)
        {
            using ScriptedModel model = ScriptedModel.Hashing(50);
            using RwkvXState state = model.CreateState();
            int[] ids = [.. new TokenGenerator(model, state, Greedy, span).Generate(prompt, 20, CancellationToken.None)];
            Assert.Equal((prompt.Length + span - 1) / span + 19, model.Passes);
            Assert.Equal(prompt.Length + 19, state.TokenCount); // the last sampled token is not fed
            return ids;
        }

        Assert.Equal(Run(37), Run(1));
        Assert.Equal(Run(37), Run(5));
    }

    [Fact]
    public void Decode_Stopped_LeavesTheLastTokenUnfed()
    {
        using ScriptedModel model = ScriptedModel.Hashing(50);
        using RwkvXState state = model.CreateState();
        List<int> ids = [];
        foreach (int id in new TokenGenerator(model, state, Greedy).Generate(Prompt, 20, CancellationToken.None))
        {
            ids.Add(id);
            Assert.Equal(1 + ids.Count, state.TokenCount);
            if (ids.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([1, 2, ids[0], ids[1]], ((ScriptedState)state).History.ToArray());
    }

    [Fact]
    public void Generate_CancelledInsidePrefill_StopsThere()
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
        Assert.Throws<OperationCanceledException>(
            () => new TokenGenerator(model, state, Greedy, 4).Generate(new int[40], 20, source.Token).Count());
        Assert.Equal(3, model.Passes);
        Assert.False(state.IsValid);
    }

    [Fact]
    public void Generate_EmptyPrompt_Throws()
    {
        using ScriptedModel model = ScriptedModel.Hashing(50);
        using RwkvXState state = model.CreateState();
        Assert.Throws<ArgumentException>(() => new TokenGenerator(model, state, Greedy).Generate(Array.Empty<int>(), 1, CancellationToken.None));
    }
}
