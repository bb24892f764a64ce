using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>What the sparse attention is where its chunks cover the whole text: causal attention, by libtorch's own kernel.</summary>
internal static class FullAttention
{
    /// <summary>Whether a query sees all of a text of so many tokens.</summary>
    public static bool Covers(long tokens, int chunkSize, int topK) => (tokens + chunkSize - 1) / chunkSize <= topK;

    /// <summary>y (B, H, T, N) from q, k, v of the same shape.</summary>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v) =>
        nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true); // TorchSharp's spelling

    /// <summary>A sparse form, with this one in its place where it is the same.</summary>
    public static Layers.AttentionForm Or(Layers.AttentionForm sparse, int chunkSize, int topK) =>
        (q, k, v) => Covers(q.shape[2], chunkSize, topK) ? Forward(q, k, v) : sparse(q, k, v);
}
