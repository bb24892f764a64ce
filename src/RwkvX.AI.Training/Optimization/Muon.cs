using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>
/// Muon over matrices of one shape, all at once: the momentum of the gradient with its singular values brought to about 1 (K. Jordan and others, 2024), and as large as a step
/// of AdamW, so that the same learning rate and decay serve both (arXiv 2502.16982).
/// </summary>
/// <param name="parameters">(rows, columns) each, by name; F32 leaves.</param>
/// <param name="plan">The constants.</param>
internal sealed class Muon(KeyValuePair<string, Tensor>[] parameters, OptimizerPlan plan) : IParameterGroup
{
    private const int Iterations = 5;

    private readonly Tensor _momentum = zeros([parameters.Length, .. parameters[0].Value.shape], device: parameters[0].Value.device).DetachFromDisposeScope();

    public IEnumerable<(string Name, Tensor Values)> Moments() => parameters.Select((pair, i) => (pair.Key + ".momentum", _momentum[i]));

    public Tensor SquareSum() => Gradients().square().sum(ScalarType.Float64);

    public void Step(long step, double learningRate, double clip)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor gradients = Gradients().TimesInPlace(clip);
        _momentum.TimesInPlace(plan.Momentum).PlusInPlace(gradients);
        double size = 0.2 * Math.Sqrt(Math.Max(_momentum.shape[1], _momentum.shape[2])); // an orthogonal matrix times this has elements of 0.2, as AdamW's steps have
        Tensor update = Orthogonal(gradients.PlusInPlace(_momentum.Times(plan.Momentum))).TimesInPlace(-learningRate * size);
        for (int i = 0; i < parameters.Length; i++)
            parameters[i].Value.TimesInPlace(1 - (learningRate * plan.WeightDecay)).PlusInPlace(update[i]);
    }

    public void Dispose() => _momentum.Dispose();

    /// <summary>Nearly U·Vᵀ of each U·S·Vᵀ: singular values between about 0.7 and 1.2, by Newton and Schulz's iteration with a quintic that is steep at 0.</summary>
    /// <param name="matrices">(n, rows, columns)</param>
    internal static Tensor Orthogonal(Tensor matrices)
    {
        bool isTall = matrices.shape[1] > matrices.shape[2];
        Tensor x = isTall ? matrices.mT : matrices;
        x = x / x.square().sum([1, 2], keepdim: true).sqrt_().PlusInPlace(1e-12);
        if (x.device_type == DeviceType.CUDA) x = x.to(ScalarType.BFloat16); // enough, as its authors found
        for (int i = 0; i < Iterations; i++)
        {
            Tensor gram = x.matmul(x.mT);
            x = x.Times(3.4445).PlusInPlace(gram.Times(-4.7750).PlusInPlace(gram.matmul(gram).TimesInPlace(2.0315)).matmul(x));
        }

        return (isTall ? x.mT : x).to(ScalarType.Float32);
    }

    /// <summary>(n, rows, columns)</summary>
    private Tensor Gradients() => stack([.. parameters.Select(pair => pair.Value.grad ?? zeros_like(pair.Value))]);
}
