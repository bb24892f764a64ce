using RwkvX.AI.Models;
using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Plans;
using RwkvX.AI.Training.Runs;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Kernels;

/// <summary>Whole networks whose layers use the kernels.</summary>
public sealed class NetworkKernelTests : TorchTest
{
    private static readonly RwkvXConfig Toy = new()
    {
        EmbeddingSize = 128,
        LayerCount = 2,
        SparseLayerCount = 1,
        VocabSize = 40,
        MobaChunkSize = 8,
        MobaTopK = 2,
    };

    [Fact]
    public void HybridLong_KernelsOnHost_GradientsAreTheGoldenOnes()
    {
        using HostKernelLauncher launcher = new();
        GoldenGradientTests.CheckFirst(GoldenGradientTests.Compute(null, config => Operators.WithKernels(config, launcher)));
        Assert.Equal(4, launcher.Launches["wkv_operands_backward"]); // once a layer
    }

    [Fact]
    public void Layers_FrozenAdaptedOrComputedAgain_HaveTheSameGradients()
    {
        using HostKernelLauncher launcher = new();
        using TrainableModel model = Initialization.Create(Toy, 3);
        using (no_grad())
            foreach (Tensor parameter in model.Parameters.Values) parameter.add_(randn(parameter.shape, generator: new Generator(9)).Times(0.05), Scalars.One);

        using LowRankAdapter adapter = new(model, 4, 4, new Generator(5)); // changes nothing before it is trained
        Dictionary<string, Tensor> kept = Gradients(model, Operators.WithKernels(Toy, launcher), recompute: 0, null);
        Same(kept, Gradients(model, Operators.WithKernels(Toy, launcher), recompute: 1, null));
        Same(kept, Gradients(model, Operators.WithKernels(Toy, launcher), recompute: 0, adapter));
        foreach ((string name, Tensor parameter) in model.Parameters) parameter.requires_grad = name.EndsWith(".weight", StringComparison.Ordinal);
        Dictionary<string, Tensor> matrices = Gradients(model, Operators.WithKernels(Toy, launcher), recompute: 1, null);
        Assert.Equal(model.Parameters.Keys.Count(name => name.EndsWith(".weight", StringComparison.Ordinal)), matrices.Count);
        Same(matrices, kept);
    }

    private static void Same(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> found)
    {
        foreach ((string name, Tensor gradient) in expected) OperatorTests.Close(gradient, found[name], 1e-5, name);
    }

    private static Dictionary<string, Tensor> Gradients(TrainableModel model, Operators operators, double recompute, LowRankAdapter? adapter)
    {
        StagePlan stage = new() { Name = "test", Length = 21, Batch = 2, Tokens = 42, LearningRate = 0, FinalLearningRate = 0, RecomputeShare = recompute, Data = [] };
        long[] ids = [.. Enumerable.Range(0, 43).Select(i => (long)(i * 7 % Toy.VocabSize))];
        float[] weights = new float[42];
        Array.Fill(weights, 1f);
        TrainingBatch batch = new(ids[..^1], ids[1..], weights, 2);
        model.ZeroGradients();
        new BatchGradient(new Network(Toy, model.Prefix, new Weights(model, ScalarType.Float32, adapter), operators), stage, CPU).Add(batch, batch.WeightSum);
        Dictionary<string, Tensor> gradients = model.Parameters.Where(pair => pair.Value.grad is not null).ToDictionary(pair => pair.Key, pair => pair.Value.grad!.clone());
        model.ZeroGradients();
        return gradients;
    }
}
