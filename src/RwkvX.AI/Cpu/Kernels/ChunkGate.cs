namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Which past chunks a head attends to: the mean key of a chunk, and the choice by its score.</summary>
internal static unsafe class ChunkGate
{
    private const int N = Wkv.N;
    private const int BlockRows = KeyScores.BlockRows;

    /// <summary>The mean of a full chunk's keys of one head: summed in single precision in row order.</summary>
    /// <param name="keys">The chunk's keys, in blocks (<see cref="KeyScores"/>).</param>
    /// <param name="rows">B, the chunk size.</param>
    /// <param name="mean">Element 0 of the mean's row among the means; the others follow 16 floats apart.</param>
    public static void Mean(float* keys, int rows, float* mean)
    {
        for (int d = 0; d < N; d++)
        {
            float sum = 0;
            for (int row = 0; row < rows; row++)
            {
                sum += keys[KeyScores.Offset(row) + (d * BlockRows)];
            }

            mean[d * BlockRows] = sum / rows;
        }
    }

    /// <summary>The indices of the largest scores, ascending; of equal scores the lower index.</summary>
    /// <param name="scores">(count) scores, readable up to the next multiple of 16.</param>
    /// <param name="count">Scores.</param>
    /// <param name="chosen">Output: as many as its length, which is less than <paramref name="count"/>.</param>
    /// <param name="best">Room for as many scores.</param>
    public static void Select<V>(float* scores, int count, Span<int> chosen, Span<float> best)
        where V : struct, ILanes<V>
    {
        best.Fill(float.NegativeInfinity);
        chosen.Fill(-1);
        for (int start = 0; start < count; start += V.Count)
        {
            if (start >= chosen.Length && V.Load(scores + start).Above(best[^1]) == 0)
            {
                continue;
            }

            for (int i = start; i < Math.Min(start + V.Count, count); i++)
            {
                if (chosen[^1] < 0 || scores[i] > best[^1])
                {
                    Insert(scores[i], i, chosen, best);
                }
            }
        }

        chosen.Sort();
    }

    /// <summary>Makes dropped chunks score less than any other, so that none is chosen while enough others are left.</summary>
    /// <param name="scores">A query's scores.</param>
    /// <param name="dropped">The chunks.</param>
    public static void Mask(float* scores, ReadOnlySpan<int> dropped)
    {
        foreach (int chunk in dropped)
        {
            scores[chunk] = float.NegativeInfinity;
        }
    }

    /// <summary>Offers one more score for the choice; scores come with ascending indices.</summary>
    /// <param name="score">The score.</param>
    /// <param name="index">Its index.</param>
    /// <param name="found">How many were taken so far; what <paramref name="chosen"/> and <paramref name="best"/> hold beyond it does not count.</param>
    /// <param name="chosen">The indices taken, by falling score; of equal scores the lower index first.</param>
    /// <param name="best">Their scores.</param>
    /// <returns>How many are taken now.</returns>
    public static int Offer(float score, int index, int found, Span<int> chosen, Span<float> best)
    {
        if (found == chosen.Length && !(score > best[^1]))
        {
            return found;
        }

        int at = found < chosen.Length ? found : found - 1;
        for (; at > 0 && best[at - 1] < score; at--)
        {
            best[at] = best[at - 1];
            chosen[at] = chosen[at - 1];
        }

        best[at] = score;
        chosen[at] = index;
        return Math.Min(found + 1, chosen.Length);
    }

    /// <summary>Puts a score behind all that are equal or larger and drops the last.</summary>
    private static void Insert(float score, int index, Span<int> chosen, Span<float> best)
    {
        int at = best.Length - 1;
        for (; at > 0 && (chosen[at - 1] < 0 || best[at - 1] < score); at--)
        {
            best[at] = best[at - 1];
            chosen[at] = chosen[at - 1];
        }

        best[at] = score;
        chosen[at] = index;
    }
}
