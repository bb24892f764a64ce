using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>The choice of one query among many chunks in three looks: 4-bit codes of all means, 8-bit codes of some, the means of a few.</summary>
/// <remarks>
/// Each look gives bounds of the score that a full scan calculates. Let τ be the smallest lower bound of any k chunks: k chunks score τ or more,
/// so a chunk whose upper bound is below τ is not among the k best. The k chunks are the best of the first look, and
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

    /// <summary>How many blocks of codes are on their way while one is looked at.</summary>
    private const int Ahead = 10;

    private const int N = Wkv.N;
    private const int BlockRows = KeyScores.BlockRows;

    /// <summary>Chooses chunks as a full scan does.</summary>
    /// <param name="means">The means of a layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="q">(64) the query.</param>
    /// <param name="past">Chunks to choose from: at least a page of means, and more than there are to be chosen.</param>
    /// <param name="dropped">Those of them that are gone: fewer than leave enough to be chosen. No bound of theirs is above anything.</param>
    /// <param name="scratch">Three rows of its scores are used.</param>
    /// <param name="chosen">Output: the chunks with the largest scores, ascending; of equal scores the lower one.</param>
    /// <returns>Bytes of means and codes that were read.</returns>
    public static long Choose<V>(PagedRows means, int head, float* q, int past, ReadOnlySpan<int> dropped, AttentionScratch scratch, Span<int> chosen)
        where V : struct, ILanes<V>
    {
        int room = AttentionScratch.RowFloats(past);
        float* coarse = scratch.Scores, uppers = coarse + room, scores = stackalloc float[BlockRows];
        short* p = stackalloc short[N];
        SearchQuery query = SearchQuery.Of(q, p);
        float* centers = stackalloc float[(past + means.RowsPerPage - 1) / means.RowsPerPage]; // q·center of each page
        CoarseScoresOf<V>(means, head, query, past, coarse, uppers, centers);
        ChunkGate.Mask(coarse, dropped);
        ChunkGate.Mask(uppers, dropped);
        Span<float> best = scratch.Best.AsSpan(0, chosen.Length);
        ChunkGate.Select<V>(coarse, past, chosen, best);
        float bar = float.PositiveInfinity;
        foreach (int chunk in chosen)
        {
            (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
            (float score, float margin) = Fine(means[index], head, row, query, p, centers[index]);
            bar = MathF.Min(bar, score - margin);
        }

        bar = MathF.BitDecrement(bar); // what is above it may be among the best
        int* candidates = (int*)(uppers + room);
        int count = Candidates<V>(means, head, uppers, past, bar, candidates), fine = chosen.Length, blocks = 0, scored = -1, found = 0;
        foreach (int chunk in new ReadOnlySpan<int>(candidates, count))
        {
            if (!(uppers[chunk] > bar))
            {
                continue;
            }

            fine++;
            (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
            Page page = means[index];
            (float score, float margin) = Fine(page, head, row, query, p, centers[index]);
            if (!(score + margin > bar))
            {
                continue;
            }

            if (scored != chunk / BlockRows)
            {
                (scored, blocks) = (chunk / BlockRows, blocks + 1);
                int block = row / BlockRows * BlockRows;
                KeyScores.One<V>(q, page.Keys(head) + KeyScores.Offset(block), Math.Min(BlockRows, past - (chunk - row + block)), scores);
            }

            found = ChunkGate.Offer(scores[row % BlockRows], chunk, found, chosen, best); // the full scan's score
            bar = found == chosen.Length ? MathF.Max(bar, best[^1]) : bar; // later chunks must score more than the last that was taken
        }

        chosen.Sort();
        return ((long)past * ((N / 2) + (2 * sizeof(float)))) + ((long)fine * (N + sizeof(float))) + ((long)blocks * BlockRows * N * sizeof(float));
    }

    /// <summary>The chunks whose upper bound is above a bar, ascending; what the second look reads of them is asked for, since it lies here and there.</summary>
    /// <returns>Their number.</returns>
    private static int Candidates<V>(PagedRows means, int head, float* uppers, int past, float bar, int* candidates)
        where V : struct, ILanes<V>
    {
        int count = 0;
        for (int start = 0; start < past; start += V.Count)
        {
            if (!V.Load(uppers + start).AnyAbove(bar))
            {
                continue;
            }

            for (int chunk = start; chunk < Math.Min(start + V.Count, past); chunk++)
            {
                if (!(uppers[chunk] > bar))
                {
                    continue;
                }

                candidates[count++] = chunk;
                if (Sse.IsSupported)
                {
                    (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
                    Sse.Prefetch0(means[index].Fine(head) + (row * N));
                    Sse.Prefetch0(means[index].FineScales(head) + row);
                }
            }
        }

        return count;
    }

    /// <summary>The first look: each chunk's score by its 4-bit code, and what the full scan's is at most.</summary>
    private static void CoarseScoresOf<V>(PagedRows means, int head, in SearchQuery query, int past, float* coarse, float* uppers, float* centers)
        where V : struct, ILanes<V>
    {
        sbyte* spread = stackalloc sbyte[CoarseScores.QueryBytes];
        Span<sbyte> bytes = stackalloc sbyte[N];
        (float scale, int total, float lost) = SearchQuery.InBytes(query.Q, query.Largest, bytes);
        CoarseScores.Spread(bytes, spread);
        V zero = V.Splat(-MeanCodes.CoarseZero * total), factor = V.Splat(scale), norm = V.Splat(query.Norm);
        for (int first = 0; first < past; first += means.RowsPerPage)
        {
            Page page = means[first / means.RowsPerPage];
            float shared = centers[first / means.RowsPerPage] = Dot<V>(query.Q, page.Center(head));
            V center = V.Splat(shared), rest = V.Splat((lost * page.Norms(head)[1]) + (query.Norm * RoundingOf(page, head)));
            CoarseBlock* block = page.Coarse(head), end = block + (page.Capacity / BlockRows), next = null;
            int rows = Math.Min(means.RowsPerPage, past - first);
            if (first + rows < past)
            {
                Page following = means[(first / means.RowsPerPage) + 1];
                next = following.Coarse(head);
                Prefetch((byte*)following.Center(head), (N + 3) * sizeof(float)); // and the norms
            }

            for (int row = 0; row < rows; row += BlockRows, block++)
            {
                CoarseBlock* ahead = block + Ahead;
                Prefetch((byte*)(ahead < end ? ahead : next + (ahead - end)), CoarseBlock.Bytes);
                float* sums = coarse + first + row; // room up to whole blocks
                CoarseScores.Run(block->Codes, spread, sums);
                for (int i = 0; i < BlockRows; i += V.Count)
                {
                    V score = V.MultiplyAdd(V.Load(sums + i) + zero, factor * V.Load(block->Scales + i), center);
                    score.Store(sums + i);
                    (V.MultiplyAdd(norm, V.Load(block->Errors + i), rest) + score).Store(uppers + first + row + i);
                }
            }
        }
    }

    /// <summary>Memory answers later than a block takes, and the hardware follows a run only to the border of its page. Past the end nothing is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* start, int bytes)
    {
        for (int i = 0; Sse.IsSupported && i < bytes; i += 64)
        {
            Sse.Prefetch0(start + i);
        }
    }

    private static float RoundingOf(Page page, int head)
    {
        float* norms = page.Norms(head);
        return Rounding * (norms[0] + norms[1] + norms[2]);
    }

    /// <summary>The second look: a chunk's score and how far the full scan's may be from it.</summary>
    private static (float Score, float Margin) Fine(Page page, int head, int row, in SearchQuery query, short* p, float center)
    {
        float scale = page.FineScales(head)[row];
        float score = FineScore.Run(page.Fine(head) + (row * N), p) * (query.Scale * scale);
        // codes: s/2 in every dimension; the query in 16 bits: half a step of it times 64 codes of at most 127
        float margin = scale * ((0.5001f * query.Sum) + (0.5001f * N * 127 * query.Scale));
        return (score + center, margin + (query.Norm * RoundingOf(page, head)));
    }

    private static float Dot<V>(float* x, float* y)
        where V : struct, ILanes<V>
    {
        V sum = V.Splat(0);
        for (int d = 0; d < N; d += V.Count)
        {
            sum = V.MultiplyAdd(V.Load(x + d), V.Load(y + d), sum);
        }

        return sum.Sum();
    }
}
