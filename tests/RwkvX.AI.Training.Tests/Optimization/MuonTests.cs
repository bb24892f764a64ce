using RwkvX.AI.Training.Optimization;
using RwkvX.AI.Training.Plans;
using Xunit;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Tests.Optimization;

public sealed class MuonTests : TorchTest
{
    [Theory]
    [InlineData(48, 96)]
    [InlineData(96, 48)]
    [InlineData(64, 64)]
    public void Orthogonal_RandomMatrices_SingularVectorsStayAndValuesAreAboutOne(long rows, long columns)
    {
        Tensor matrices = randn(3, rows, columns, generator: new Generator(5)) * 1e-4f;
        Tensor found = Muon.Orthogonal(matrices);
        (Tensor u, _, Tensor vt) = linalg.svd(matrices, fullMatrices: false);
        Tensor inside = u.mT.matmul(found).matmul(vt.mT); // Uᵀ·found·V: diagonal where the vectors are the same
        Tensor values = inside.diagonal(0, 1, 2);
        Assert.InRange(values.min().item<float>(), 0.3f, 1.3f); // the least of a square matrix are near 0 at first
        Assert.InRange(values.mean().item<float>(), 0.8f, 1.1f);
        Assert.InRange((inside - values.diag_embed()).abs().max().item<float>(), 0, 1e-3f);
    }

    [Fact]
    public void Step_TwoSteps_AreThoseOfTheDefinition()
    {
        OptimizerPlan plan = new() { WeightDecay = 0.1, Momentum = 0.9 };
        Tensor weight = randn(6, 4, generator: new Generator(1)).requires_grad_(true), expected = weight.detach().clone(), momentum = zeros(6, 4);
        using Muon muon = new([KeyValuePair.Create("a.att.key.weight", weight)], plan);
        for (int step = 1; step <= 2; step++)
        {
            Tensor gradient = randn(6, 4, generator: new Generator((ulong)(10 + step)));
            weight.grad = gradient.clone();
            Assert.Equal(gradient.square().sum().item<float>(), muon.SquareSum().item<double>(), 1e-4);
            muon.Step(step, learningRate: 0.01, clip: 0.5);
            momentum = (0.9 * momentum) + (0.5 * gradient);
            Tensor direction = Muon.Orthogonal(((0.5 * gradient) + (0.9 * momentum)).unsqueeze(0))[0];
            expected = (expected * (1 - (0.01 * 0.1))) - (0.01 * 0.2 * Math.Sqrt(6) * direction);
            Assert.InRange((expected - weight).abs().max().item<float>(), 0, 1e-6f);
        }

        Assert.InRange((momentum - muon.Moments().Single().Values).abs().max().item<float>(), 0, 1e-6f);
    }

    /// <summary>Embedding, head, vectors and low-rank pairs go by AdamW.</summary>
    [Fact]
    public void Optimizer_Muon_TakesTheMatricesOfLayers()
    {
        string[] names = ["rwkv.emb.weight", "rwkv.blocks.0.att.key.weight", "moba.0.ffn.value.weight", "rwkv.blocks.0.att.w1", "rwkv.blocks.0.ln1.weight", "rwkv.head.weight"];
        using Optimizer optimizer = new(
            names.Select(name => KeyValuePair.Create(name, zeros(name.Contains("ln1", StringComparison.Ordinal) ? [4] : [4, 4]).requires_grad_(true))), new OptimizerPlan { Matrices = "muon" });
        Assert.Equal([names[1], names[2]], optimizer.Moments.Where(moment => moment.Name.EndsWith(".momentum", StringComparison.Ordinal)).Select(moment => moment.Name[..^9]));
        Assert.Equal(8, optimizer.Moments.Count(moment => !moment.Name.EndsWith(".momentum", StringComparison.Ordinal)));
        Assert.Equal(names.Order(), optimizer.Names.Order());
    }
}
