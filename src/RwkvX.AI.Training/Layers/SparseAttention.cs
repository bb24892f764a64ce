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
    /// <param name="choice">Attaches what trains the choice of chunks to the first of three tensors, by q and k, whose gradients end at the matrices that make them; null for nothing.</param>
    /// <returns>(B, T, C) what is added to x.</returns>
    public static Tensor Forward(Weights weights, string att, Tensor h, AttentionForm attend, Func<Tensor, Tensor, Tensor, Tensor>? choice = null)
    {
        (long B, long T, long C) = (h.shape[0], h.shape[1], h.shape[2]);
        Tensor Heads(Tensor from, string name) => weights.Linear(from, $"{att}{name}.weight").view(B, T, C / N, N).transpose(1, 2);
        Tensor q = Heads(h, "receptance");
        if (choice is not null && h.detach() is var below) q = choice(q, Heads(below, "receptance"), Heads(below, "key"));
        Tensor y = attend(q, Heads(h, "key"), Heads(h, "value"));
        return weights.Linear(y.transpose(1, 2).reshape(B, T, C).to(weights.Compute), att + "output.weight");
    }
}
