using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Reference;
using Xunit;

namespace RwkvX.AI.Tests.Reference;

public sealed class ScalarModelTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_GoldenCase_GivesGoldenLogitsAndStates(string name)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        ScalarModel oracle = golden.Oracle();
        ScalarState state = oracle.CreateState();

        double[] logits = [.. oracle.Run(state, golden.Tokens).SelectMany(row => row)];

        Close(golden.Logits, logits, "logits");
        for (int i = 0; i < golden.Config.LayerCount; i++)
        {
            Close(golden.State($"rwkv.{i}.att_x_prev"), state.Rwkv[i].AttXPrev, $"att_x_prev {i}");
            Close(golden.State($"rwkv.{i}.wkv"), state.Rwkv[i].Wkv, $"wkv {i}");
            Close(golden.State($"rwkv.{i}.ffn_x_prev"), state.Rwkv[i].FfnXPrev, $"ffn_x_prev {i}");
        }

        for (int m = 0; m < golden.Config.SparseLayerCount; m++)
        {
            Close(golden.State($"moba.{m}.key"), [.. state.Sparse[m].Keys.SelectMany(row => row)], $"key {m}");
            Close(golden.State($"moba.{m}.value"), [.. state.Sparse[m].Values.SelectMany(row => row)], $"value {m}");
            Close(golden.State($"moba.{m}.ffn_x_prev"), state.Sparse[m].FfnXPrev, $"ffn_x_prev of sparse layer {m}");
        }
    }

    [Fact]
    public void Run_OtherChunksImposed_ChangesLogits()
    {
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        ScalarModel oracle = golden.Oracle();
        oracle.OnChoice = choice => [.. choice.Chunks.Select((_, i) => i)]; // the first chunks instead of the best

        double[] logits = [.. oracle.Run(oracle.CreateState(), golden.Tokens).SelectMany(row => row)];

        Assert.True(logits.Zip(golden.Logits, (found, expected) => Math.Abs(found - expected)).Max() > Tolerances.F32);
    }

    private static void Close(float[] expected, double[] found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        double error = expected.Zip(found, (e, f) => Math.Abs(e - f)).Max();
        Assert.True(error <= Tolerances.Oracle, $"{what}: largest error {error:g3}");
    }
}
