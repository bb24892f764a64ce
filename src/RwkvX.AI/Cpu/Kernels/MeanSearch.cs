using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>The choice of one query among many chunks in three looks: 4-bit codes of all means, 16-bit codes of some, the means of very few.</summary>
/// <remarks>
/// Each look gives bounds of the score that a full scan calculates. Let τ be the smallest lower bound of any k chunks: k chunks score τ or more,
/// so a chunk whose upper bound is below τ is not among the k best. The k chunks are taken from the best of the first look, and
/// their lower bounds come from the second. The second look tells most of what is left apart; where it cannot, scores from
/// <see cref="KeyScores"/> decide, the kernel of the full scan: the same choice, ties included. See docs/kernels/sparse-attention.md.
/// </remarks>
internal static unsafe class MeanSearch
{
    /// <summary>Chunks from which on a single query searches; below, all means are soon read.</summary>
    public const int WorthwhileFrom = 384;

    /// <summary>
    /// Rounding, as a share of ‖q‖·(‖m‖ + ‖m̃‖ + ‖center‖): sums of 64 products (64·2⁻²⁴ = 4e-6 each), the scan's own with the mean, those with
    /// the center and with m̃ = m − center, and a few single operations on bounds.
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
    /// <param name="scratch">Four rows of its scores are used.</param>
    /// <param name="chosen">Output: the chunks with the largest scores, ascending; of equal scores the lower one.</param>
    /// <returns>Bytes of means and codes that were read.</returns>
    public static long Choose<V>(PagedRows means, int head, float* q, int past, ReadOnlySpan<int> dropped, AttentionScratch scratch, Span<int> chosen)
        where V : struct, ILanes<V>
    {
        int room = AttentionScratch.RowFloats(past), k = chosen.Length;
        float* coarse = scratch.Scores, uppers = coarse + room, fine = uppers + room;
        Span<int> candidates = new(fine + room, room);
        Span<float> best = scratch.Best.AsSpan(0, k);
        CodedPage* pages = stackalloc CodedPage[(past + means.RowsPerPage - 1) / means.RowsPerPage];
        SearchQuery query = SearchQuery.Of(q);
        CoarseScoresOf<V>(means, head, query, past, coarse, uppers, pages);
        Hide(coarse, past, room, dropped);
        Hide(uppers, past, room, dropped);
        float bar = MathF.BitDecrement(Reached<V>(coarse, room, fine, chosen, best));
        int first = Collect<V>(coarse, room, bar, pages, means.RowsPerPage, candidates[..k]);
        (float lowest, _) = FineScoresOf(candidates[..first], query, pages, means.RowsPerPage, fine);
        int count = Collect<V>(uppers, room, MathF.BitDecrement(lowest), pages, means.RowsPerPage, candidates);
        (_, float margin) = FineScoresOf(candidates[..count], query, pages, means.RowsPerPage, fine);
        int blocks = count < k ? -1 : Decide<V>(means, head, q, past, candidates[..count], fine, margin, chosen, best);
        long bytes = ((long)past * CoarseBlock.Bytes / BlockRows) + ((long)(first + count) * N * sizeof(short));
        if (blocks >= 0)
        {
            return bytes + ((long)blocks * BlockRows * N * sizeof(float));
        }

        Scan<V>(means, head, q, past, coarse); // bounds that are not numbers tell nothing
        ChunkGate.Mask(coarse, dropped);
        ChunkGate.Select<V>(coarse, past, chosen, best);
        return bytes + ((long)past * N * sizeof(float));
    }

    /// <summary>The full scan: the score of every chunk.</summary>
    /// <param name="means">The means of a layer.</param>
    /// <param name="head">The head.</param>
    /// <param name="q">(64) the query.</param>
    /// <param name="past">Chunks.</param>
    /// <param name="scores">Output, room for whole blocks.</param>
    public static void Scan<V>(PagedRows means, int head, float* q, int past, float* scores)
        where V : struct, ILanes<V>
    {
        for (int first = 0; first < past; first += means.RowsPerPage)
        {
            KeyScores.One<V>(q, means[first / means.RowsPerPage].Keys(head), Math.Min(means.RowsPerPage, past - first), scores + first);
        }
    }

    /// <summary>Makes what must not be chosen score less than any other: dropped chunks, and places behind the last chunk.</summary>
    private static void Hide(float* scores, int past, int room, ReadOnlySpan<int> dropped)
    {
        ChunkGate.Mask(scores, dropped);
        new Span<float>(scores + past, room - past).Fill(float.NegativeInfinity);
    }

    /// <summary>A score that as many chunks reach as there are to be chosen, and hardly more: of the largest scores of four times as many groups.</summary>
    private static float Reached<V>(float* scores, int room, float* largest, Span<int> chosen, Span<float> best)
        where V : struct, ILanes<V>
    {
        int groups = Math.Min(AttentionScratch.RowFloats(4 * chosen.Length), room);
        new ReadOnlySpan<float>(scores, groups).CopyTo(new Span<float>(largest, groups));
        for (int start = groups; start < room; start += groups)
        {
            for (int i = 0; i < Math.Min(groups, room - start); i += V.Count)
            {
                V.Max(V.Load(largest + i), V.Load(scores + start + i)).Store(largest + i);
            }
        }

        ChunkGate.Select<V>(largest, groups, chosen, best);
        return best[^1];
    }

    /// <summary>The chunks above a bar, ascending, the first ones if there is no room for all; their 16-bit codes are asked for, since they lie here and there.</summary>
    /// <returns>Their number.</returns>
    private static int Collect<V>(float* scores, int room, float bar, CodedPage* pages, int rowsPerPage, Span<int> chunks)
        where V : struct, ILanes<V>
    {
        int count = 0;
        for (int start = 0; start < room; start += V.Count)
        {
            for (uint above = V.Load(scores + start).Above(bar); above != 0; above &= above - 1)
            {
                if (count == chunks.Length)
                {
                    return count;
                }

                int chunk = start + BitOperations.TrailingZeroCount(above);
                chunks[count++] = chunk;
                Prefetch((byte*)(pages[chunk / rowsPerPage].Fine + (chunk % rowsPerPage * N)), N * sizeof(short));
            }
        }

        return count;
    }

    /// <summary>The first look: each chunk's score by its 4-bit code, and what the full scan's is at most.</summary>
    private static void CoarseScoresOf<V>(PagedRows means, int head, in SearchQuery query, int past, float* coarse, float* uppers, CodedPage* pages)
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
            CoarseBlock* block = page.Coarse(head), end = block + (page.Capacity / BlockRows), next = null;
            float* norms = page.Norms(head);
            float shared = Dot<V>(query.Q, page.Center(head)), rounding = query.Norm * Rounding * (norms[0] + norms[1] + norms[2]);
            pages[first / means.RowsPerPage] = new CodedPage { Coarse = block, Fine = page.Fine(head), Shared = shared, Rounding = rounding };
            V center = V.Splat(shared), rest = V.Splat((lost * norms[1]) + rounding);
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

    /// <summary>The second look: each chunk's score by its 16-bit code.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="query">The query.</param>
    /// <param name="pages">The pages of means.</param>
    /// <param name="rowsPerPage">Their rows.</param>
    /// <param name="scores">(chunks) output.</param>
    /// <returns>The smallest lower bound, and how far the full scan's score may be from any of these.</returns>
    private static (float Lowest, float Margin) FineScoresOf(ReadOnlySpan<int> chunks, in SearchQuery query, CodedPage* pages, int rowsPerPage, float* scores)
    {
        float lowest = float.PositiveInfinity, widest = 0;
        for (int i = 0; i < chunks.Length; i++)
        {
            (int index, int row) = Math.DivRem(chunks[i], rowsPerPage);
            CodedPage* page = pages + index;
            float step = page->Coarse[row / BlockRows].Scales[row % BlockRows] * MeanCodes.FineStep;
            float margin = (0.51f * step * query.Sum) + page->Rounding; // half a step in every dimension, and its own rounding
            scores[i] = (FineScore.Run(page->Fine + (row * N), query.Q) * step) + page->Shared;
            lowest = MathF.Min(lowest, scores[i] - margin);
            widest = MathF.Max(widest, margin);
        }

        return (lowest, widest);
    }

    /// <summary>The third look: candidates that the second cannot tell from the last one to be chosen get the full scan's scores.</summary>
    /// <returns>Blocks of means that were read; −1 where scores are not numbers, and nothing is chosen.</returns>
    private static int Decide<V>(
        PagedRows means, int head, float* q, int past, Span<int> candidates, float* fine, float margin, Span<int> chosen, Span<float> best)
        where V : struct, ILanes<V>
    {
        ChunkGate.Select<V>(fine, candidates.Length, chosen, best);
        float above = best[^1] + (2 * margin), below = best[^1] - (2 * margin);
        int taken = 0, open = 0;
        for (int i = 0; i < candidates.Length; i++)
        {
            if (fine[i] > above)
            {
                chosen[taken++] = candidates[i];
            }
            else if (fine[i] >= below)
            {
                candidates[open++] = candidates[i];
            }
        }

        Span<int> rest = chosen[taken..];
        if (open < rest.Length)
        {
            return -1;
        }

        int blocks = 0;
        if (open == rest.Length)
        {
            candidates[..open].CopyTo(rest);
        }
        else
        {
            float* scores = stackalloc float[BlockRows];
            int scored = -1, found = 0;
            foreach (int chunk in candidates[..open])
            {
                (int index, int row) = Math.DivRem(chunk, means.RowsPerPage);
                if (scored != chunk / BlockRows)
                {
                    (scored, blocks) = (chunk / BlockRows, blocks + 1);
                    int block = row / BlockRows * BlockRows;
                    KeyScores.One<V>(q, means[index].Keys(head) + KeyScores.Offset(block), Math.Min(BlockRows, past - (chunk - row + block)), scores);
                }

                found = ChunkGate.Offer(scores[row % BlockRows], chunk, found, rest, best[..rest.Length]);
            }
        }

        chosen.Sort();
        return blocks;
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

    /// <summary>What the second look needs of a page of means.</summary>
    private struct CodedPage
    {
        /// <summary>Of the head: 4-bit codes with their scales.</summary>
        public CoarseBlock* Coarse;

        /// <summary>Of the head: (rows, 64) 16-bit codes.</summary>
        public short* Fine;

        /// <summary>q·center.</summary>
        public float Shared;

        /// <summary>What a bound allows for rounding.</summary>
        public float Rounding;
    }
}
