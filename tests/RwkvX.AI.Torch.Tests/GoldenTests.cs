using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>The golden cases on the device, in every way to feed the same tokens.</summary>
public sealed class GoldenTests
{
    private static readonly string[] Schedules = ["sequence", "1", "7", "64", "batch", "exported", "forked"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string name in GoldenCase.Names)
                foreach (string schedule in Schedules)
                    data.Add(name, schedule);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseF32_WithinTolerance(string name, string schedule)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using CudaModel model = CudaTest.Load(ModelTensors.Read(golden.Files));
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        TensorAssert.Close(golden.Logits, run.Logits, CudaTolerances.F32, $"{name} {schedule}: logits");
        CheckState(golden, model.Export(run.State), $"{name} {schedule}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseBF16_RmsWithinTolerance(string name, string schedule) => CheckNarrow(name, schedule, Precision.BF16);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseF16_RmsWithinTolerance(string name, string schedule) => CheckNarrow(name, schedule, Precision.F16);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseStatesF16_RmsWithinTolerance(string name, string schedule) => CheckNarrow(name, schedule, Precision.F32, Precision.F16);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCaseBF16StatesF16_RmsWithinTolerance(string name, string schedule) => CheckNarrow(name, schedule, Precision.BF16, Precision.F16);

    private static void CheckNarrow(string name, string schedule, Precision precision, Precision states = Precision.F32)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using CudaModel model = CudaTest.Load(ModelTensors.Read(golden.Files), precision, states: states);
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        CheckRms(golden.Logits, run.Logits, $"{name} {schedule} {precision}, states {states}");
    }

    /// <summary>No further apart than 16-bit arithmetic may be.</summary>
    internal static void CheckRms(float[] expected, float[] found, string what)
    {
        double rms = Math.Sqrt(expected.Zip(found, (e, f) => Math.Pow(e - f, 2)).Average());
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: rms error {rms:g3}");
        Assert.True(rms <= CudaTolerances.Narrow, $"{what}: rms error {rms:g3}, tolerance {CudaTolerances.Narrow}");
    }

    internal static void CheckState(GoldenCase golden, StateSnapshot state, string what)
    {
        for (int i = 0; i < state.RwkvLayers.Count; i++)
        {
            TensorAssert.Close(golden.State($"rwkv.{i}.att_x_prev"), state.RwkvLayers[i].AttXPrev, CudaTolerances.F32, $"{what}: att_x_prev {i}");
            TensorAssert.Close(golden.State($"rwkv.{i}.wkv"), state.RwkvLayers[i].Wkv, CudaTolerances.F32, $"{what}: wkv {i}");
            TensorAssert.Close(golden.State($"rwkv.{i}.ffn_x_prev"), state.RwkvLayers[i].FfnXPrev, CudaTolerances.F32, $"{what}: ffn_x_prev {i}");
        }
        for (int m = 0; m < state.SparseLayers.Count; m++)
        {
            TensorAssert.Close(golden.State($"moba.{m}.ffn_x_prev"), state.SparseLayers[m].FfnXPrev, CudaTolerances.F32, $"{what}: ffn_x_prev of sparse {m}");
            TensorAssert.Close(golden.State($"moba.{m}.key"), TensorAssert.Rows(state.SparseLayers[m].Pages.Select(p => p.Keys)), CudaTolerances.F32, $"{what}: keys {m}");
            TensorAssert.Close(golden.State($"moba.{m}.value"), TensorAssert.Rows(state.SparseLayers[m].Pages.Select(p => p.Values)), CudaTolerances.F32, $"{what}: values {m}");
        }
    }
}
