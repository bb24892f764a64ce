using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The sparse attention as a mask over all pairs of positions: the readable form that the others are tested against. Memory grows with T².</summary>
/// <param name="chunkSize">Tokens in a chunk.</param>
/// <param name="topK">Chunks that a query attends to, its own included.</param>
internal sealed class DenseAttention(int chunkSize, int topK)
{
    /// <summary>y (B, H, T, N) from q, k, v of the same shape.</summary>
    public Tensor Forward(Tensor q, Tensor k, Tensor v) =>
        Forward(q, k, v, ChunkChoice.Choose(q, ChunkChoice.Means(k, chunkSize), 0, chunkSize, topK));

    /// <summary>The same with the choice given: (B, H, T, topK − 1) I64, -1 for none.</summary>
    public Tensor Forward(Tensor q, Tensor k, Tensor v, Tensor chosen)
    {
        (long T, long N) = (q.shape[2], q.shape[3]);
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = q.matmul(k.mT).to(ScalarType.Float32).Times(1 / Math.Sqrt(N));
        scores = scores.Masked(ChunkMask.Allowed(chosen, 0, T, chunkSize).logical_not(), double.NegativeInfinity);
        return scores.softmax(-1).to(v.dtype).matmul(v).MoveToOuterDisposeScope();
    }
}
