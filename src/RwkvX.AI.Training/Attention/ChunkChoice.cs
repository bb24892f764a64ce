using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The past chunks that each query and head attends to: the top-k − 1 full ones by q·mean(keys), ties to the lower index.</summary>
internal static class ChunkChoice
{
    /// <summary>Chooses for a run of queries.</summary>
    /// <param name="q">(B, H, Q, N) the queries of positions <paramref name="first"/> and on.</param>
    /// <param name="means">(B, H, full chunks, N) F32</param>
    /// <param name="first">Position of the first query.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <param name="topK">Chunks in all, the own one included.</param>
    /// <returns>(B, H, Q, topK − 1) I64 chunk indices; -1 where there are fewer past chunks.</returns>
    public static Tensor Choose(Tensor q, Tensor means, long first, int chunkSize, int topK)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (long B, long H, long Q) = (q.shape[0], q.shape[1], q.shape[2]);
        long full = Math.Min(means.shape[2], (first + Q - 1) / chunkSize); // chunks that some query has behind it
        int wanted = topK - 1;
        if (full == 0 || wanted == 0) return ones(B, H, Q, wanted, dtype: ScalarType.Int64, device: q.device).neg().MoveToOuterDisposeScope();
        Tensor scores = q.to(ScalarType.Float32).matmul(means.narrow(2, 0, full).mT); // (B, H, Q, full)
        Tensor own = HeldArithmetic.Range(first, Q, q.device).FloorOver(chunkSize).view(Q, 1);
        Tensor past = HeldArithmetic.Range(0, full, q.device).view(1, full).lt(own);
        scores = scores.Masked(past.logical_not(), double.NegativeInfinity);
        long count = Math.Min(wanted, full);
        // Equal scores go to the lower chunk: a stable sort keeps their order, and so does the selection on a GPU, which reads from the front; that on a CPU does not.
        (Tensor best, Tensor order) = scores.is_cuda ? scores.topk((int)count, -1) : scores.sort(-1, descending: true, stable: true);
        Tensor chosen = order.narrow(-1, 0, count).Masked(best.narrow(-1, 0, count).isneginf(), -1);
        return nn.functional.pad(chosen, [0, wanted - count], value: -1).MoveToOuterDisposeScope();
    }

    /// <summary>The mean key of every full chunk, in single precision.</summary>
    /// <param name="k">(B, H, T, N)</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <returns>(B, H, T / chunkSize, N) F32</returns>
    public static Tensor Means(Tensor k, int chunkSize)
    {
        using IDisposable noGrad = no_grad();
        (long B, long H, long T, long N) = (k.shape[0], k.shape[1], k.shape[2], k.shape[3]);
        long full = T / chunkSize;
        return k.narrow(2, 0, full * chunkSize).to(ScalarType.Float32).reshape(B, H, full, chunkSize, N).mean([3]);
    }
}
