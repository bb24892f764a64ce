using static TorchSharp.torch;

namespace RwkvX.AI.Training.Losses;

/// <summary>The cross entropy of each token's prediction.</summary>
internal static class CrossEntropy
{
    /// <summary>−ln p(target) at each position.</summary>
    /// <param name="logits">(…, V) F32</param>
    /// <param name="targets">(…) I64</param>
    /// <returns>(…) F32</returns>
    public static Tensor PerToken(Tensor logits, Tensor targets)
    {
        long V = logits.shape[^1];
        return nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1), reduction: nn.Reduction.None).view(targets.shape);
    }
}
