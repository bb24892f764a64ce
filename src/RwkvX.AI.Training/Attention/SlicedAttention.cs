using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The sparse attention over slices of queries, calculated again in the backward pass: memory linear in T, in plain operations.</summary>
/// <remarks>Work still grows with T², since every past key is scored before the mask; the CUDA kernel visits the chosen chunks only.</remarks>
internal sealed class SlicedAttention : autograd.SingleTensorFunction<SlicedAttention>
{
    private const int SliceScores = 1 << 26; // elements of one slice's score matrix: 256 MB

    /// <inheritdoc/>
    public override string Name => nameof(SlicedAttention);

    /// <summary>y (B, H, T, N) from q, k, v of the same shape.</summary>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v, int chunkSize, int topK) => apply(q, k, v, chunkSize, topK);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor q = (Tensor)vars[0], k = (Tensor)vars[1], v = (Tensor)vars[2];
        (int chunkSize, int topK) = ((int)vars[3], (int)vars[4]);
        using DisposeScope scope = NewDisposeScope();
        Tensor means = ChunkChoice.Means(k, chunkSize);
        List<Tensor> y = [], choices = [];
        foreach ((long first, long count) in Slices(q))
        {
            using DisposeScope slice = NewDisposeScope();
            Tensor queries = q.narrow(2, first, count);
            Tensor chosen = ChunkChoice.Choose(queries, means, first, chunkSize, topK);
            y.Add(Probabilities(queries, k, chosen, first, chunkSize).to(v.dtype).matmul(v.narrow(2, 0, first + count)).MoveToOuterDisposeScope());
            choices.Add(chosen.to(ScalarType.Int32).MoveToOuterDisposeScope());
        }

        ctx.save_for_backward([q, k, v, cat(choices, 2).MoveToOuterDisposeScope()]);
        ctx.save_data("chunk", chunkSize);
        return cat(y, 2).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor q = saved[0], k = saved[1], v = saved[2], choices = saved[3];
        int chunkSize = (int)ctx.get_data("chunk");
        Tensor dq = zeros_like(q, ScalarType.Float32), dk = zeros_like(k, ScalarType.Float32), dv = zeros_like(v, ScalarType.Float32);
        foreach ((long first, long count) in Slices(q))
        {
            using DisposeScope slice = NewDisposeScope();
            long keys = first + count;
            Tensor queries = q.narrow(2, first, count), dy = grad_output.narrow(2, first, count);
            Tensor chosen = choices.narrow(2, first, count).to(ScalarType.Int64);
            Tensor p = Probabilities(queries, k, chosen, first, chunkSize);
            dv.narrow(2, 0, keys).PlusInPlace(p.to(v.dtype).mT.matmul(dy).to(ScalarType.Float32));
            Tensor dp = dy.matmul(v.narrow(2, 0, keys).mT).to(ScalarType.Float32);
            Tensor ds = p * (dp - (dp * p).sum(-1, keepdim: true));
            ds = ds.TimesInPlace(1 / Math.Sqrt(q.shape[3]));
            ds = ds.to(q.dtype);
            dq.narrow(2, first, count).copy_(ds.matmul(k.narrow(2, 0, keys)));
            dk.narrow(2, 0, keys).PlusInPlace(ds.mT.matmul(queries).to(ScalarType.Float32));
        }

        return [dq.to(q.dtype).MoveToOuterDisposeScope(), dk.to(k.dtype).MoveToOuterDisposeScope(), dv.to(v.dtype).MoveToOuterDisposeScope(), null!, null!];
    }

    /// <summary>(B, H, Q, first + Q) F32</summary>
    private static Tensor Probabilities(Tensor queries, Tensor k, Tensor chosen, long first, int chunkSize)
    {
        long keys = first + queries.shape[2];
        Tensor scores = queries.matmul(k.narrow(2, 0, keys).mT).to(ScalarType.Float32).Times(1 / Math.Sqrt(queries.shape[3]));
        return scores.Masked(ChunkMask.Allowed(chosen, first, keys, chunkSize).logical_not(), double.NegativeInfinity).softmax(-1);
    }

    /// <summary>Runs of queries whose scores fit the budget.</summary>
    private static IEnumerable<(long First, long Count)> Slices(Tensor q)
    {
        (long B, long H, long T) = (q.shape[0], q.shape[1], q.shape[2]);
        for (long first = 0; first < T;)
        {
            long count = Math.Clamp(SliceScores / (B * H * T), 1, T - first);
            yield return (first, count);
            first += count;
        }
    }
}
