using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using Xunit;

namespace RwkvX.AI.Tests.Cpu;

/// <summary>The golden cases by every schedule: a number is tokens a call, "batch" runs three sequences at once, "exported" moves the state halfway.</summary>
public sealed class CpuModelGoldenTests
{
    private static readonly string[] Schedules = ["sequence", "1", "7", "16", "32", "47", "batch", "exported"];

    public static TheoryData<string, string> Cases =>
        [.. GoldenCase.Names.SelectMany(name => Schedules.Select(schedule => (name, schedule)))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCase_GivesGoldenLogitsAndStates(string name, string schedule)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using CpuModel model = CpuModel.Load(golden.Files);
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);

        TensorAssert.Close(golden.Logits, run.Logits, Tolerances.F32, "logits");
        StateSnapshot snapshot = model.Export(run.State);
        Assert.Equal(golden.Tokens.Length, snapshot.TokenCount);
        for (int i = 0; i < golden.Config.LayerCount; i++)
        {
            TensorAssert.Close(golden.State($"rwkv.{i}.att_x_prev"), snapshot.RwkvLayers[i].AttXPrev, Tolerances.F32, $"att_x_prev {i}");
            TensorAssert.Close(golden.State($"rwkv.{i}.wkv"), snapshot.RwkvLayers[i].Wkv, Tolerances.F32, $"wkv {i}");
            TensorAssert.Close(golden.State($"rwkv.{i}.ffn_x_prev"), snapshot.RwkvLayers[i].FfnXPrev, Tolerances.F32, $"ffn_x_prev {i}");
        }

        for (int m = 0; m < golden.Config.SparseLayerCount; m++)
        {
            SparseLayerSnapshot layer = snapshot.SparseLayers[m];
            TensorAssert.Close(golden.State($"moba.{m}.key"), TensorAssert.Rows(layer.Pages.Select(page => page.Keys)), Tolerances.F32, $"key {m}");
            TensorAssert.Close(golden.State($"moba.{m}.value"), TensorAssert.Rows(layer.Pages.Select(page => page.Values)), Tolerances.F32, $"value {m}");
            TensorAssert.Close(golden.State($"moba.{m}.ffn_x_prev"), layer.FfnXPrev, Tolerances.F32, $"ffn_x_prev of sparse layer {m}");
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    [InlineData(128)]
    [InlineData(32)]
    public void Forward_EveryVectorWidth_GivesGoldenLogits(int bits)
    {
        foreach (string name in GoldenCase.Names)
        {
            using GoldenCase golden = GoldenCase.Open(name);
            using CpuModel model = CpuModel.Load(golden.Files, new CpuModelOptions { VectorBits = bits, Threads = 1 });

            using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, "sequence");

            TensorAssert.Close(golden.Logits, run.Logits, Tolerances.F32, $"{name}, {bits} bits");
        }
    }
}
