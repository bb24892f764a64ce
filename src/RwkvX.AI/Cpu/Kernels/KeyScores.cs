namespace RwkvX.AI.Cpu.Kernels;

/// <summary>scores[n, s] = Σ_d q[n, d]·key[s, d]: a few queries against the keys (or chunk means) of one head.</summary>
/// <remarks>
/// Keys lie in blocks of 16 rows, transposed: [block][d][16], so the lanes run over keys and no sum crosses lanes.
/// Every score is one chain over d = 0..63 whatever the tile, so a query gets the same scores alone or beside others.
/// </remarks>
internal static unsafe class KeyScores
{
    /// <summary>Rows of a block.</summary>
    public const int BlockRows = 16;

    /// <summary>Queries of a full tile.</summary>
    public const int Tile = 4;

    private const int N = Wkv.N;

    /// <summary>Where element 0 of a row's key is; element d is d·16 floats further.</summary>
    public static int Offset(int row) => (row / BlockRows * BlockRows * N) + (row % BlockRows);

    /// <summary>Scores of one query.</summary>
    /// <param name="q">(64) query.</param>
    /// <param name="keys">Blocks of keys.</param>
    /// <param name="count">Keys; scores are written for whole vectors, up to the next multiple of 16.</param>
    /// <param name="scores">Output, room for count rounded up to 16.</param>
    public static void One<V>(float* q, float* keys, int count, float* scores)
        where V : struct, ILanes<V>
    {
        int s = 0;
        for (; s + (3 * V.Count) < count; s += 4 * V.Count)
        {
            float* k0 = keys + Offset(s), k1 = keys + Offset(s + V.Count);
            float* k2 = keys + Offset(s + (2 * V.Count)), k3 = keys + Offset(s + (3 * V.Count));
            V sum0 = V.Splat(0), sum1 = V.Splat(0), sum2 = V.Splat(0), sum3 = V.Splat(0);
            for (int d = 0; d < N; d++)
            {
                V qd = V.Splat(q[d]);
                sum0 = V.MultiplyAdd(qd, V.Load(k0 + (d * BlockRows)), sum0);
                sum1 = V.MultiplyAdd(qd, V.Load(k1 + (d * BlockRows)), sum1);
                sum2 = V.MultiplyAdd(qd, V.Load(k2 + (d * BlockRows)), sum2);
                sum3 = V.MultiplyAdd(qd, V.Load(k3 + (d * BlockRows)), sum3);
            }

            sum0.Store(scores + s);
            sum1.Store(scores + s + V.Count);
            sum2.Store(scores + s + (2 * V.Count));
            sum3.Store(scores + s + (3 * V.Count));
        }

        for (; s + V.Count < count; s += 2 * V.Count)
        {
            float* k0 = keys + Offset(s), k1 = keys + Offset(s + V.Count);
            V sum0 = V.Splat(0), sum1 = V.Splat(0);
            for (int d = 0; d < N; d++)
            {
                V qd = V.Splat(q[d]);
                sum0 = V.MultiplyAdd(qd, V.Load(k0 + (d * BlockRows)), sum0);
                sum1 = V.MultiplyAdd(qd, V.Load(k1 + (d * BlockRows)), sum1);
            }

            sum0.Store(scores + s);
            sum1.Store(scores + s + V.Count);
        }

        for (; s < count; s += V.Count)
        {
            float* k = keys + Offset(s);
            V sum = V.Splat(0);
            for (int d = 0; d < N; d++)
            {
                sum = V.MultiplyAdd(V.Splat(q[d]), V.Load(k + (d * BlockRows)), sum);
            }

            sum.Store(scores + s);
        }
    }

    /// <summary>Scores of a tile of four queries; a missing one may repeat another.</summary>
    /// <param name="q">(4) pointers to queries (64).</param>
    /// <param name="keys">Blocks of keys.</param>
    /// <param name="count">Keys, as for <see cref="One"/>.</param>
    /// <param name="scores">(4, ld) output.</param>
    /// <param name="ld">Floats between the rows of scores; ≥ count rounded up to 16.</param>
    public static void Four<V>(float** q, float* keys, int count, float* scores, int ld)
        where V : struct, ILanes<V>
    {
        float* q0 = q[0], q1 = q[1], q2 = q[2], q3 = q[3];
        for (int s = 0; s < count; s += 2 * V.Count)
        {
            bool pair = s + V.Count < count;
            float* ka = keys + Offset(s), kb = pair ? keys + Offset(s + V.Count) : ka;
            V a0 = V.Splat(0), a1 = V.Splat(0), a2 = V.Splat(0), a3 = V.Splat(0);
            V b0 = V.Splat(0), b1 = V.Splat(0), b2 = V.Splat(0), b3 = V.Splat(0);
            for (int d = 0; d < N; d++)
            {
                V keyA = V.Load(ka + (d * BlockRows)), keyB = V.Load(kb + (d * BlockRows));
                V qd = V.Splat(q0[d]);
                a0 = V.MultiplyAdd(qd, keyA, a0);
                b0 = V.MultiplyAdd(qd, keyB, b0);
                qd = V.Splat(q1[d]);
                a1 = V.MultiplyAdd(qd, keyA, a1);
                b1 = V.MultiplyAdd(qd, keyB, b1);
                qd = V.Splat(q2[d]);
                a2 = V.MultiplyAdd(qd, keyA, a2);
                b2 = V.MultiplyAdd(qd, keyB, b2);
                qd = V.Splat(q3[d]);
                a3 = V.MultiplyAdd(qd, keyA, a3);
                b3 = V.MultiplyAdd(qd, keyB, b3);
            }

            StoreColumn(scores + s, ld, a0, a1, a2, a3);
            if (pair)
            {
                StoreColumn(scores + s + V.Count, ld, b0, b1, b2, b3);
            }
        }
    }

    private static void StoreColumn<V>(float* scores, int ld, V x0, V x1, V x2, V x3)
        where V : struct, ILanes<V>
    {
        x0.Store(scores);
        x1.Store(scores + ld);
        x2.Store(scores + (2 * ld));
        x3.Store(scores + (3 * ld));
    }
}
