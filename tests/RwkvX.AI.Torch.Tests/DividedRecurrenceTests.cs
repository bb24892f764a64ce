using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Prefill that divides the recurrence over tokens: the same function as row by row, from any state and in any company. A host runs its kernels too, in training's tests.</summary>
public sealed class DividedRecurrenceTests
{
    private static readonly string[] Schedules = ["sequence", "7", "64", "batch", "exported", "forked"];

    public static TheoryData<string, string, Precision, Precision> Cases
    {
        get
        {
            TheoryData<string, string, Precision, Precision> data = [];
            foreach (string name in GoldenCase.Names)
                foreach (string schedule in Schedules)
                    foreach ((Precision precision, Precision states) in ((Precision, Precision)[])[(Precision.F32, Precision.F32), (Precision.BF16, Precision.F32), (Precision.F16, Precision.F32), (Precision.F32, Precision.F16)])
                        data.Add(name, schedule, precision, states);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_GoldenCase_WithinTolerance(string name, string schedule, Precision precision, Precision states)
    {
        using GoldenCase golden = GoldenCase.Open(name);
        using CudaModel model = CudaTest.Load(ModelTensors.Read(golden.Files), precision, states: states, divide: true);
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        string what = $"{name} {schedule} {precision}, states {states}, divided";
        if ((precision, states) != (Precision.F32, Precision.F32))
        {
            GoldenTests.CheckRms(golden.Logits, run.Logits, what);
            return;
        }
        TensorAssert.Close(golden.Logits, run.Logits, CudaTolerances.F32, $"{what}: logits");
        GoldenTests.CheckState(golden, model.Export(run.State), what);
    }

    /// <summary>Beyond the 2,048 rows of a launch, from states in the middle of a text, and in spans that are no multiple of a chunk.</summary>
    [Theory]
    [InlineData(4000)]
    [InlineData(333)]
    [InlineData(65)]
    public void Forward_LongText_IsRowByRow(int span)
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 3, sparseLayers: 0);
        int[] tokens = tiny.Tokens(4000);
        float[] expected = Read(false), found = Read(true);
        TensorAssert.Close(expected, found, CudaTolerances.F32, $"spans of {span}");

        float[] Read(bool divide)
        {
            using CudaModel model = CudaTest.Load(tiny.Tensors(), divide: divide);
            using RwkvXState state = model.CreateState();
            return model.Logits(state, tokens, span);
        }
    }

    /// <summary>Sequences of unlike lengths in one pass, twice: each as it is alone.</summary>
    [Fact]
    public void Forward_SequencesTogether_EqualsEachAlone()
    {
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 3, sparseLayers: 0);
        using CudaModel divided = CudaTest.Load(tiny.Tensors(), divide: true), rowByRow = CudaTest.Load(tiny.Tensors(), divide: false);
        int[] lengths = [1, 700, 64, 65, 2300, 3];
        RwkvXState[] states = [.. lengths.Select(_ => divided.CreateState())];
        int v = divided.Config.VocabSize;
        for (int turn = 0; turn < 2; turn++)
        {
            float[][] found = [.. lengths.Select(length => new float[length * v])];
            divided.Forward([.. lengths.Select((length, i) => new ForwardItem(states[i], tiny.Tokens(length, seed: (10 * turn) + i), found[i]))]);
            for (int i = 0; i < lengths.Length; i++)
            {
                using RwkvXState alone = rowByRow.CreateState();
                for (int earlier = 0; earlier < turn; earlier++)
                    rowByRow.Forward(alone, tiny.Tokens(lengths[i], seed: (10 * earlier) + i), Memory<float>.Empty);
                float[] expected = new float[lengths[i] * v];
                rowByRow.Forward(alone, tiny.Tokens(lengths[i], seed: (10 * turn) + i), expected);
                TensorAssert.Close(expected, found[i], CudaTolerances.F32, $"turn {turn}, sequence of {lengths[i]}");
            }
        }
        foreach (RwkvXState state in states)
            state.Dispose();
    }
}
