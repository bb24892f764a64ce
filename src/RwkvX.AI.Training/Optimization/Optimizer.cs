using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>Steps of all parameters: AdamW, with and without decay, and Muon for the matrices of layers where the plan says so.</summary>
internal sealed class Optimizer : IDisposable
{
    private readonly OptimizerPlan _plan;
    private readonly IParameterGroup[] _groups;

    /// <param name="parameters">What is trained, by name; F32 leaves.</param>
    /// <param name="plan">The constants.</param>
    /// <param name="launcher">Where kernels run; null for operations of libtorch.</param>
    public Optimizer(IEnumerable<KeyValuePair<string, Tensor>> parameters, OptimizerPlan plan, IKernelLauncher? launcher = null)
    {
        _plan = plan;
        KeyValuePair<string, Tensor>[] all = [.. parameters];
        Names = all.Select(pair => pair.Key).ToHashSet();
        ILookup<bool, KeyValuePair<string, Tensor>> byMuon = all.ToLookup(pair => plan.Matrices == "muon" && IsLayerMatrix(pair));
        _groups =
        [
            .. byMuon[false].GroupBy(Decays).Select(alike => new AdamW([.. alike], plan, alike.Key ? plan.WeightDecay : 0, launcher)),
            .. byMuon[true].GroupBy(pair => (pair.Value.shape[0], pair.Value.shape[1])).Select(alike => new Muon([.. alike], plan)),
        ];
    }

    /// <summary>What it trains.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <summary>Steps taken.</summary>
    public long StepCount { get; set; }

    /// <summary>What it carries from step to step, under the names of checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Values)> Moments => _groups.SelectMany(group => group.Moments());

    /// <summary>The Euclidean norm of all gradients; NaN where any is.</summary>
    public double GradientNorm()
    {
        using DisposeScope scope = NewDisposeScope();
        return _groups.Length == 0 ? 0 : Math.Sqrt(_groups.Select(group => group.SquareSum()).Aggregate((sum, more) => sum.Plus(more)).item<double>());
    }

    /// <summary>One step with the gradients that the parameters have.</summary>
    /// <param name="learningRate">The rate.</param>
    /// <param name="norm">What <see cref="GradientNorm"/> gave.</param>
    public void Step(double learningRate, double norm)
    {
        StepCount++;
        double clip = norm > _plan.ClipNorm ? _plan.ClipNorm / norm : 1;
        foreach (IParameterGroup group in _groups) group.Step(StepCount, learningRate, clip);
    }

    public void Dispose()
    {
        foreach (IParameterGroup group in _groups) group.Dispose();
    }

    /// <summary>The large matrices decay: what is called weight and has two dimensions, and LoRA's pairs.</summary>
    private static bool Decays(KeyValuePair<string, Tensor> pair) =>
        IsMatrix(pair) || (pair.Value.dim() == 2 && pair.Key.Contains(".lora_", StringComparison.Ordinal));

    /// <summary>A matrix of a layer: neither the embedding nor the head, and none of a low-rank pair.</summary>
    private static bool IsLayerMatrix(KeyValuePair<string, Tensor> pair) =>
        IsMatrix(pair) && (pair.Key.Contains(".att.", StringComparison.Ordinal) || pair.Key.Contains(".ffn.", StringComparison.Ordinal));

    private static bool IsMatrix(KeyValuePair<string, Tensor> pair) => pair.Value.dim() == 2 && pair.Key.EndsWith(".weight", StringComparison.Ordinal);
}
