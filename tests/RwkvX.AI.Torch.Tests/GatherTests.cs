using RwkvX.AI.Models;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Golden;
using RwkvX.AI.Testing.Models;
using Xunit;

namespace RwkvX.AI.Torch.Tests;

/// <summary>Prefill that gathers the rows which chose a chunk: the same function as visiting every chunk of a tile.</summary>
public sealed class GatherTests
{
    [Theory]
    [InlineData(Precision.BF16, 900)]
    [InlineData(Precision.BF16, 250)]
    [InlineData(Precision.F16, 333)]
    public void Forward_RowsGathered_AgreesWithTiles(Precision precision, int span)
    {
        CudaTest.Require();
        using TinyModel tiny = TinyModel.Create(heads: 3, layers: 4, sparseLayers: 2, chunkSize: 64);
        float[] expected = Run(tiny, precision, span, gather: false), found = Run(tiny, precision, span, gather: true);
        double square = expected.Zip(found, (e, f) => Math.Pow(e - f, 2)).Average(), size = expected.Average(e => (double)e * e);
        TestContext.Current.TestOutputHelper?.WriteLine($"{precision}, spans of {span}: relative rms difference {Math.Sqrt(square / size):g3}");
        Assert.True(square <= 1e-4 * size, $"{precision}, spans of {span}: relative rms difference {Math.Sqrt(square / size):g3}, expected at most 0.01");
    }

    [Theory]
    [InlineData("sequence")]
    [InlineData("64")]
    public void Forward_RowsGathered_GoldenWithinTolerance(string schedule)
    {
        CudaTest.Require();
        using GoldenCase golden = GoldenCase.Open("hybrid-long");
        using CudaModel model = CudaModel.Load(ModelTensors.Read(golden.Files), new CudaModelOptions { Precision = Precision.BF16, GatherRows = true });
        using ScheduledRun run = ScheduledRun.Run(model, golden.Tokens, schedule);
        GoldenTests.CheckRms(golden.Logits, run.Logits, $"hybrid-long {schedule} BF16, rows gathered");
    }

    private static float[] Run(TinyModel tiny, Precision precision, int span, bool gather)
    {
        ModelTensors tensors = tiny.Tensors();
        using CudaModel model = CudaModel.Load(tensors, new CudaModelOptions { Precision = precision, GatherRows = gather });
        using RwkvXState state = model.CreateState();
        return model.Logits(state, tiny.Tokens(900), span);
    }
}
