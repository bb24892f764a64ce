namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Chunk means in 8 bits: a quarter of the bytes to find the few chunks among which the exact scores have to decide.</summary>
/// <remarks>
/// A mean m is kept as codes c and a scale s with |m_d − s·c_d| ≤ s / 2, so |q·m − s·(q·c)| ≤ s·‖q‖₁ / 2. The k-th largest lower bound is a
/// score that k chunks reach; a chunk whose upper bound is below it is not among the k best. All others get the score that a full scan gives
/// them, from the same kernel, so the choice is the same, ties included. See docs/kernels/sparse-attention.md.
/// </remarks>
internal static unsafe class MeanCodes
{
    /// <summary>Chunks from which on a single query looks at the codes first; below, all means are soon read.</summary>
    public const int WorthwhileFrom = 128;

    /// <summary>
    /// 1/2 for the codes, and the rounding of two sums of 64 products, at most 2·64·2⁻²⁴ of Σ|q|·|m| ≤ 127·s·‖q‖₁: less than 0.001 s·‖q‖₁; doubled and more.
    /// </summary>
    private const float ErrorPerScale = 0.505f;

    /// <summary>Keeps the scale of a mean of zeros a normal number.</summary>
    private const float SmallestScale = 1e-30f;

    private const int N = Wkv.N;
    private const int BlockRows = KeyScores.BlockRows;

    /// <summary>Writes the codes and the scale of a mean.</summary>
    /// <param name="page">A page of means.</param>
    /// <param name="head">The head.</param>
    /// <param name="row">The mean's row.</param>
    public static void Encode(Page page, int head, int row)
    {
        float* mean = page.Key(head, row);
        sbyte* codes = page.Codes(head) + KeyScores.Offset(row);
        float largest = 127 * SmallestScale;
        for (int d = 0; d < N; d++)
        {
            largest = MathF.Max(largest, MathF.Abs(mean[d * BlockRows]));
        }

        float scale = largest / 127;
        page.Scales(head)[row] = scale;
        for (int d = 0; d < N; d++)
        {
            codes[d * BlockRows] = (sbyte)Math.Clamp(MathF.Round(mean[d * BlockRows] / scale), -127, 127);
        }
    }

    /// <summary>Scores of one query: exact for all chunks that may be among the best, −∞ or exact for the others.</summary>
    /// <param name="means">The pages of means.</param>
    /// <param name="head">The head.</param>
    /// <param name="q">(64) the query.</param>
    /// <param name="past">Chunks to choose from.</param>
    /// <param name="take">k, the chunks to be chosen.</param>
    /// <param name="scratch">Its first row of scores is the result; the second and third are used.</param>
    public static void ScoreCandidates<V>(PagedRows means, int head, float* q, int past, int take, AttentionScratch scratch)
        where V : struct, ILanes<V>
    {
        int ld = (past + BlockRows - 1) / BlockRows * BlockRows;
        float* scores = scratch.Scores, lower = scores + ld, upper = lower + ld;
        Bounds<V>(means, head, q, past, lower, upper);
        Span<float> best = scratch.Best.AsSpan(0, take);
        ChunkGate.Select<V>(lower, past, scratch.Chosen.AsSpan(0, take), best);
        float bar = MathF.BitDecrement(best[^1]); // what has an upper bound above it, so at least the k-th lower bound, may be among the best
        new Span<float>(scores, ld).Fill(float.NegativeInfinity);
        for (int block = 0; block < past; block += BlockRows)
        {
            if (AnyAbove<V>(upper + block, Math.Min(BlockRows, past - block), bar))
            {
                (int page, int row) = Math.DivRem(block, means.RowsPerPage);
                KeyScores.One<V>(q, means[page].Keys(head) + KeyScores.Offset(row), Math.Min(BlockRows, past - block), scores + block);
            }
        }
    }

    private static void Bounds<V>(PagedRows means, int head, float* q, int past, float* lower, float* upper)
        where V : struct, ILanes<V>
    {
        float norm = 0; // ‖q‖₁
        for (int d = 0; d < N; d++)
        {
            norm += MathF.Abs(q[d]);
        }

        V error = V.Splat(norm * ErrorPerScale);
        for (int start = 0; start < past; start += V.Count)
        {
            (int page, int row) = Math.DivRem(start, means.RowsPerPage);
            sbyte* codes = means[page].Codes(head) + KeyScores.Offset(row);
            V even = V.Splat(0), odd = V.Splat(0);
            for (int d = 0; d < N; d += 2)
            {
                even = V.MultiplyAdd(V.Splat(q[d]), V.Widen(codes + (d * BlockRows)), even);
                odd = V.MultiplyAdd(V.Splat(q[d + 1]), V.Widen(codes + ((d + 1) * BlockRows)), odd);
            }

            V scale = V.Load(means[page].Scales(head) + row), score = (even + odd) * scale, margin = error * scale;
            (score - margin).Store(lower + start);
            (score + margin).Store(upper + start);
        }
    }

    private static bool AnyAbove<V>(float* x, int count, float bound)
        where V : struct, ILanes<V>
    {
        bool any = false;
        for (int i = 0; i < count; i += V.Count)
        {
            any |= V.KeepFirst(V.Load(x + i), count - i, float.NegativeInfinity).AnyAbove(bound);
        }

        return any;
    }
}
