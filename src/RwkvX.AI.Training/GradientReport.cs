using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Losses;
using RwkvX.AI.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training;

/// <summary>Losses of one sequence and the gradient of its mean cross entropy, for comparison with other implementations.</summary>
/// <param name="CrossEntropy">Mean over the tokens.</param>
/// <param name="LongCrossEntropy">Mean of the weighted losses; null where none was asked for.</param>
/// <param name="Gradients">By parameter, row-major.</param>
public sealed record GradientReport(double CrossEntropy, double? LongCrossEntropy, IReadOnlyDictionary<string, float[]> Gradients)
{
    /// <summary>Runs one sequence forward and backward in single precision.</summary>
    /// <param name="model">The model; its gradients are forgotten before and after.</param>
    /// <param name="tokens">(T)</param>
    /// <param name="targets">(T) what should follow each.</param>
    /// <param name="longCrossEntropy">How LongCE is computed; null for not.</param>
    /// <exception cref="ArgumentException">Another number of targets than of tokens, or an id beyond the vocabulary.</exception>
    public static GradientReport Compute(TrainableModel model, IReadOnlyList<int> tokens, IReadOnlyList<int> targets, LongCrossEntropyOptions? longCrossEntropy = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Compute(model, tokens, targets, longCrossEntropy, Operators.Plain(model.Config));
    }

    internal static GradientReport Compute(
        TrainableModel model, IReadOnlyList<int> tokens, IReadOnlyList<int> targets, LongCrossEntropyOptions? longCrossEntropy, Operators operators)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(targets);
        Check(model, tokens, nameof(tokens));
        Check(model, targets, nameof(targets));
        if (tokens.Count != targets.Count) throw new ArgumentException($"expected {tokens.Count} targets, one a token, found {targets.Count}", nameof(targets));
        using DisposeScope scope = NewDisposeScope();
        Network network = new(model.Config, model.Prefix, new Weights(model, ScalarType.Float32), operators);
        Tensor ids = Row(tokens, model.Device), next = Row(targets, model.Device);
        Tensor Losses(int start, int end) => Training.Losses.CrossEntropy.PerToken(
            network.Logits(ids.narrow(1, start, end - start)), next.narrow(1, start, end - start));

        model.ZeroGradients();
        Tensor losses = Losses(0, tokens.Count);
        Tensor mean = losses.mean();
        mean.backward();
        double? weighted = longCrossEntropy is null ? null
            : (new LongCrossEntropy(longCrossEntropy).Weights(losses, Losses) * losses.detach()).mean().item<float>();
        Dictionary<string, float[]> gradients = model.Parameters.ToDictionary(
            pair => pair.Key, pair => pair.Value.grad is { } grad ? grad.cpu().data<float>().ToArray() : new float[pair.Value.numel()]);
        model.ZeroGradients();
        return new GradientReport(mean.item<float>(), weighted, gradients);
    }

    /// <summary>The Euclidean norm of each gradient.</summary>
    public IReadOnlyDictionary<string, double> Norms() =>
        Gradients.ToDictionary(pair => pair.Key, pair => Math.Sqrt(pair.Value.Sum(value => (double)value * value)));

    private static Tensor Row(IReadOnlyList<int> ids, Device device) => tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Count], device: device);

    private static void Check(TrainableModel model, IReadOnlyList<int> ids, string name)
    {
        if (ids.Count == 0) throw new ArgumentException("expected at least one id, found none", name);
        int wrong = Enumerable.Range(0, ids.Count).FirstOrDefault(i => ids[i] < 0 || ids[i] >= model.Config.VocabSize, -1);
        if (wrong >= 0) throw new ArgumentException($"item {wrong}: expected an id from 0 to {model.Config.VocabSize - 1}, found {ids[wrong]}", name);
    }
}
