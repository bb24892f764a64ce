using RwkvX.AI.Models;
using RwkvX.AI.Training.Benchmarks;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Benchmarks;

/// <summary>The benchmark of training runs and adds up, on a toy model.</summary>
public sealed class StepBenchTests : TorchTest
{
    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(1, 0.5, false)]
    [InlineData(1, 1, false)]
    public void Run_ToyModel_MeasuresStepsAndOperators(int sparse, double recompute, bool optimizer)
    {
        StepBenchOptions options = new()
        {
            Config = new RwkvXConfig { EmbeddingSize = 64, LayerCount = 2, SparseLayerCount = sparse, VocabSize = 40, MobaChunkSize = 8, MobaTopK = 2 },
            Length = 24,
            Batch = 2,
            Steps = 1,
            Compute = ScalarType.Float32,
            RecomputeShare = recompute,
            Optimizer = optimizer,
        };
        using StepBench bench = new(options);
        StepBenchFigures figures = bench.Run(TestContext.Current.CancellationToken);
        Assert.Equal(2 * 24 / (figures.GradientSeconds + figures.OptimizerSeconds), figures.TokensPerSecond, 1e-6 * figures.TokensPerSecond);
        Assert.Equal(optimizer, figures.OptimizerSeconds > 0);
        Assert.Equal(6.0 * (figures.Parameters - (40 * 64)) * 2 * 24 / figures.GradientSeconds, figures.ModelFlops, 1e-6 * figures.ModelFlops);
        Assert.True(figures.PeakFlops > 0 && figures.PeakBytes > 0);
        Assert.All(figures.Operators, time => Assert.True(time.ForwardSeconds > 0, time.Name));
        Assert.Equal(sparse > 0, figures.Operators.Any(time => time.Name == "attention"));
        Assert.Equal(2, figures.Operators.Single(time => time.Name == "time mix").Count);
    }
}
