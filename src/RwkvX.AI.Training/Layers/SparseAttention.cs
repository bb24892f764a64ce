using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The attention of a sparse layer (MoBA): each query attends to its own chunk and to the best past ones.</summary>
internal static class SparseAttention
{
    private const long N = 64;

    /// <summary>Computes it for whole sequences.</summary>
    /// <param name="weights">The parameters.</param>
    /// <param name="att">Their names' beginning, <c>moba.{i}.att.</c></param>
    /// <param name="h">(B, T, C) after the layer norm.</param>
    /// <param name="attend">The attention: q, k, v (B, H, T, N) → y (B, H, T, N).</param>
    /// <param name="choice">What trains the choice of chunks, by q and k; null for nothing.</param>
    /// <returns>(B, T, C) what is added to x.</returns>
    public static Tensor Forward(Weights weights, string att, Tensor h, AttentionForm attend, Func<Tensor, Tensor, Tensor>? choice = null)
    {
        (long B, long T, long C) = (h.shape[0], h.shape[1], h.shape[2]);
        Tensor Heads(string name) => weights.Linear(h, $"{att}{name}.weight").view(B, T, C / N, N).transpose(1, 2);
        (Tensor q, Tensor k) = (Heads("receptance"), Heads("key"));
        Tensor y = attend(choice is null ? q : choice(q, k), k, Heads("value"));
        return weights.Linear(y.transpose(1, 2).reshape(B, T, C).to(weights.Compute), att + "output.weight");
    }
}
