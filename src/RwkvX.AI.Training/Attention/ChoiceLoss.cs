using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Elementwise;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>Trains the choice of chunks, which the loss of tokens does not reach: the scores of chunks' means are to say where attention to all keys would go.</summary>
/// <remarks>
/// For a query, with p what full attention gives each past chunk, as a share of what it gives them all, m: m · KL(p ‖ softmax(q·mean/√N)), summed over heads, p and m held fixed.
/// DeepSeek-V3.2 trains its indexer so (arXiv 2512.02556). The model calculates as before. Without it a head whose keys match exactly has a chunk of 31 that do not match and one that does at the end of its list.
/// </remarks>
internal sealed class ChoiceLoss : autograd.SingleTensorFunction<ChoiceLoss>
{
    private const long SliceScores = 1 << 26; // elements of one slice's scores of keys: 256 MB

    /// <inheritdoc/>
    public override string Name => nameof(ChoiceLoss);

    /// <summary>A tensor as it is, on whose way back q and k get the gradient of the loss.</summary>
    /// <param name="carrier">Anything that the loss of tokens depends on.</param>
    /// <param name="q">(B, H, T, N)</param>
    /// <param name="k">(B, H, T, N)</param>
    /// <param name="rows">Which queries, and how much each counts.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    public static Tensor Attach(Tensor carrier, Tensor q, Tensor k, IReadOnlyList<ChoiceRows> rows, int chunkSize) => apply(carrier, q, k, rows, chunkSize);

    /// <summary>The loss itself, by definition: what <see cref="backward"/> is tested against.</summary>
    public static Tensor Value(Tensor q, Tensor k, IReadOnlyList<ChoiceRows> rows, int chunkSize)
    {
        Tensor sum = zeros(1, device: q.device);
        (long H, long T, long N) = (q.shape[1], q.shape[2], q.shape[3]);
        long full = T / chunkSize;
        foreach (ChoiceRows row in rows)
        {
            Tensor queries = q[row.Sequence].index_select(1, row.Positions).to(ScalarType.Float32), keys = k[row.Sequence].to(ScalarType.Float32);
            Tensor means = keys.narrow(1, 0, full * chunkSize).reshape(H, full, chunkSize, N).mean([2]);
            Tensor shares = Shares(queries.detach(), keys.detach(), row.Positions, chunkSize), mass = shares.sum(-1, keepdim: true);
            Tensor logs = ChunkScores(queries, means, row.Positions, chunkSize).log_softmax(-1);
            Tensor p = shares / mass.AtLeast(1e-30);
            sum = sum.Plus((xlogy(p, p) - (p * logs).Masked(p.logical_not(), 0)).sum(-1).mul(mass.squeeze(-1)).mul(row.Weights).sum());
        }

        return sum;
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_for_backward([(Tensor)vars[1], (Tensor)vars[2]]);
        ctx.save_data("rows", vars[3]);
        ctx.save_data("chunk", vars[4]);
        return ((Tensor)vars[0]).alias();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor carried = GradientHandover.Take([grad_output])[0];
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor q, Tensor k) = (saved[0], saved[1]);
        (var rows, int chunkSize) = ((IReadOnlyList<ChoiceRows>)ctx.get_data("rows"), (int)ctx.get_data("chunk"));
        (long H, long T, long N) = (q.shape[1], q.shape[2], q.shape[3]);
        long full = T / chunkSize;
        Tensor means = ChunkChoice.Means(k, chunkSize); // (B, H, full, N)
        Tensor dq = zeros_like(q, ScalarType.Float32), dMeans = zeros_like(means);
        foreach (ChoiceRows row in rows)
        {
            long step = Math.Max(1, SliceScores / (H * T)), count = row.Positions.shape[0];
            Tensor mean = means[row.Sequence];
            for (long from = 0; from < count; from += step)
            {
                using DisposeScope slice = NewDisposeScope();
                Tensor positions = row.Positions.narrow(0, from, Math.Min(step, count - from)), weights = row.Weights.narrow(0, from, positions.shape[0]);
                Tensor queries = q[row.Sequence].index_select(1, positions);
                Tensor shares = Shares(queries, k[row.Sequence], positions, chunkSize), mass = shares.sum(-1, keepdim: true);
                queries = queries.to(ScalarType.Float32);
                // Σ p = 1, so the gradient of the scores is m · (softmax − p).
                Tensor ds = ((ChunkScores(queries, mean, positions, chunkSize).softmax(-1) * mass) - shares) * weights.view(1, -1, 1).Times(1 / Math.Sqrt(N));
                dq[row.Sequence].AddRowsInPlace(positions, ds.matmul(mean));
                dMeans[row.Sequence].PlusInPlace(ds.mT.matmul(queries));
            }
        }

        Tensor dk = nn.functional.pad(dMeans.Times(1.0 / chunkSize).repeat_interleave(chunkSize, 2), [0, 0, 0, T - (full * chunkSize)]);
        return GradientHandover.Give([carried, dq.to(q.dtype), dk.to(k.dtype), null, null]);
    }

    /// <summary>(H, M, full) F32: what full attention gives each past full chunk; 0 for the own one and what comes behind.</summary>
    private static Tensor Shares(Tensor queries, Tensor keys, Tensor positions, int chunkSize)
    {
        long T = keys.shape[1], full = T / chunkSize;
        Tensor scores = queries.matmul(keys.mT).to(ScalarType.Float32).Times(1 / Math.Sqrt(queries.shape[2]));
        Tensor later = HeldArithmetic.Range(0, T, keys.device).view(1, T).gt(positions.view(-1, 1));
        Tensor p = scores.Masked(later, double.NegativeInfinity).softmax(-1);
        return p.narrow(-1, 0, full * chunkSize).reshape(p.shape[0], p.shape[1], full, chunkSize).sum(-1).Masked(Past(positions, full, chunkSize).logical_not(), 0);
    }

    /// <summary>(H, M, full) F32: q·mean/√N of past chunks, -∞ for others.</summary>
    private static Tensor ChunkScores(Tensor queries, Tensor means, Tensor positions, int chunkSize) =>
        queries.matmul(means.mT).Times(1 / Math.Sqrt(queries.shape[2])).Masked(Past(positions, means.shape[1], chunkSize).logical_not(), double.NegativeInfinity);

    /// <summary>(M, full) whether a chunk ended before the query's own began.</summary>
    private static Tensor Past(Tensor positions, long full, int chunkSize) =>
        HeldArithmetic.Range(0, full, positions.device).view(1, full).lt(positions.FloorOver(chunkSize).view(-1, 1));
}
