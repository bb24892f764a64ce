namespace RwkvX.AI.Cpu.Kernels;

/// <summary>The choice of one query among many chunks in three looks: 4-bit codes of all means, 8-bit codes of some, the means of a few.</summary>
/// <remarks>
/// Each look gives bounds of the score that a full scan calculates. Let τ be the smallest lower bound of any k chunks: k chunks score τ or more,
/// so a chunk whose upper bound is below τ is not among the k best. The k chunks are those with the highest upper bounds in the first look, and
/// their lower bounds come from the second. What is left gets its score from <see cref="KeyScores"/>, the kernel of the full scan, and the
/// choice is made among these: the same choice, ties included. See docs/kernels/sparse-attention.md.
/// </remarks>
internal static unsafe class MeanSearch
{
    /// <summary>Chunks from which on a single query searches; below, all means are soon read (the last look takes blocks of 16 for about ten of them).</summary>
    public const int WorthwhileFrom = 384;

    /// <summary>
    /// Rounding, as a share of ‖q‖·(‖m‖ + ‖m̃‖ + ‖center‖): the scan's own sum of 64 products (64·2⁻²⁴ = 4e-6 of ‖q‖·‖m‖), the product with
    /// the center, and a few single operations on bounds.
    /// </summary>
    private const float Rounding = 1e-5f;

    private const int N = Wkv.N;
    private const int BlockRows = KeyScores.BlockRows;

    /// <summary>Chooses chunks as a full scan does.</summary>
    /// <param name="means">The means of a layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="q">(64) the query.</param>
    /// <param name="past">Chunks to choose from, more than there are to be chosen.</param>
    /// <param name="scratch">Its scores are used.</param>
    /// <param name="chosen">Output: the chunks with the largest scores, ascending; of equal scores the lower one.</param>
    /// <returns>Bytes of means and codes that were read.</returns>
    public static long Choose<V>(PagedRows means, int head, float* q, int past, AttentionScratch scratch, Span<int> chosen)
        where V : struct, ILanes<V>
    {
        float* upper = scratch.Scores;
        short* p = stackalloc short[N];
        SearchQuery query = SearchQuery.Of(q, p);
        CoarseUppers<V>(means, head, q, query, past, upper);
        Span<float> best = scratch.Best.AsSpan(0, chosen.Length);
        ChunkGate.Select<V>(upper, past, chosen, best);
        float bar = float.PositiveInfinity;
        foreach (int chunk in chosen)
        {
            (float score, float margin) = Fine(means, head, chunk, query, p);
            bar = MathF.Min(bar, score - margin);
        }

        bar = MathF.BitDecrement(bar);
        int fine = chosen.Length, blocks = 0, scored = -1, found = 0;
        float* scores = stackalloc float[BlockRows];
        for (int start = 0; start < past; start += V.Count)
        {
            if (!V.Load(upper + start).AnyAbove(bar))
            {
                continue;
            }

            for (int chunk = start; chunk < Math.Min(start + V.Count, past); chunk++)
            {
                if (!(upper[chunk] > bar))
                {
                    continue;
                }

                fine++;
                (float score, float margin) = Fine(means, head, chunk, query, p);
                if (!(score + margin > bar))
                {
                    continue;
                }

                if (scored != chunk / BlockRows)
                {
                    scored = chunk / BlockRows;
                    (int page, int row) = Math.DivRem(scored * BlockRows, means.RowsPerPage);
                    KeyScores.One<V>(q, means[page].Keys(head) + KeyScores.Offset(row), Math.Min(BlockRows, past - (scored * BlockRows)), scores);
                    blocks++;
                }

                found = ChunkGate.Offer(scores[chunk % BlockRows], chunk, found, chosen, best);
            }
        }

        chosen.Sort();
        return ((long)past * ((N / 2) + (2 * sizeof(float)))) + ((long)fine * (N + sizeof(float))) + ((long)blocks * BlockRows * N * sizeof(float));
    }

    /// <summary>The first look: an upper bound of each chunk's score.</summary>
    private static void CoarseUppers<V>(PagedRows means, int head, float* q, in SearchQuery query, int past, float* upper)
        where V : struct, ILanes<V>
    {
        sbyte* spread = stackalloc sbyte[CoarseScores.QueryBytes];
        Span<sbyte> bytes = stackalloc sbyte[N];
        (float scale, int total, float lost) = SearchQuery.InBytes(q, query.Largest, bytes);
        CoarseScores.Spread(bytes, spread);
        V zero = V.Splat(-MeanCodes.CoarseZero * total), factor = V.Splat(scale), norm = V.Splat(query.Norm);
        for (int first = 0; first < past; first += means.RowsPerPage)
        {
            Page page = means[first / means.RowsPerPage];
            float* norms = page.Norms(head);
            V rest = V.Splat((lost * norms[1]) + (query.Norm * Rounding * (norms[0] + norms[1] + norms[2])) + Dot(q, page.Center(head)));
            float* scales = page.CoarseScales(head), errors = page.CoarseErrors(head);
            byte* codes = page.Coarse(head);
            int rows = Math.Min(means.RowsPerPage, past - first);
            for (int row = 0; row < rows; row += BlockRows)
            {
                float* sums = upper + first + row; // room up to whole blocks
                CoarseScores.Run(codes + (row / BlockRows * CoarseScores.BlockBytes), spread, sums);
                for (int i = 0; i < BlockRows; i += V.Count)
                {
                    V score = (V.Load(sums + i) + zero) * (factor * V.Load(scales + row + i));
                    (V.MultiplyAdd(norm, V.Load(errors + row + i), rest) + score).Store(sums + i);
                }
            }
        }
    }

    /// <summary>The second look: a chunk's score and how far the full scan's may be from it.</summary>
    private static (float Score, float Margin) Fine(PagedRows means, int head, int chunk, in SearchQuery query, short* p)
    {
        (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
        Page page = means[index];
        float* norms = page.Norms(head);
        float scale = page.FineScales(head)[row];
        float score = FineScore.Run(page.Fine(head) + (row * N), p) * (query.Scale * scale);
        // codes: s/2 in every dimension; the query in 16 bits: half a step of it times 64 codes of at most 127
        float margin = scale * ((0.5001f * query.Sum) + (0.5001f * N * 127 * query.Scale));
        margin += query.Norm * Rounding * (norms[0] + norms[1] + norms[2]);
        return (score + Dot(query.Q, page.Center(head)), margin);
    }

    private static float Dot(float* x, float* y)
    {
        float sum = 0;
        for (int d = 0; d < N; d++)
        {
            sum += x[d] * y[d];
        }

        return sum;
    }
}
