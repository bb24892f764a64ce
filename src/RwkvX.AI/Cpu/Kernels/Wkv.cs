namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// The recurrence of RWKV-7 over T tokens of one head: S ← S·diag(w) + (S·(−κ))·(κ∘a)ᵀ + v·kᵀ; y = S·r. See docs/kernels/wkv.md.
/// </summary>
/// <remarks>
/// Row i of S (i = value index) never meets another row, so S is kept transposed, (key index j, value index i), and the lanes run over i:
/// both products are sums over j that never cross lanes, and a few lanes of all 64 columns stay in the L1 cache for the whole block.
/// The pass that updates S for token t also sums S·(−κ) for token t + 1, so each token walks over S once. Exact: no inverse of anything.
/// </remarks>
internal static unsafe class Wkv
{
    /// <summary>N, rows and columns of a head's state.</summary>
    public const int N = 64;

    /// <summary>Value indices that a unit of parallel work covers at least.</summary>
    public const int RowGroup = 16;

    /// <summary>Advances rows [<paramref name="i0"/>, <paramref name="i1"/>) of a head's state by <paramref name="T"/> tokens.</summary>
    /// <param name="S">(N, N) state, S[j·N + i], advanced in place.</param>
    /// <param name="w">(T, ·) decays of this head; all token rows are <paramref name="ld"/> floats apart.</param>
    /// <param name="negKappa">(T, ·) −κ.</param>
    /// <param name="b">(T, ·) κ∘a.</param>
    /// <param name="k">(T, ·) keys.</param>
    /// <param name="v">(T, ·) values.</param>
    /// <param name="r">(T, ·) receptances.</param>
    /// <param name="y">(T, ·) results; elements [i0, i1) of each row are written.</param>
    /// <param name="T">Tokens, ≥ 1.</param>
    /// <param name="ld">Floats between token rows.</param>
    /// <param name="i0">First value index, a multiple of <see cref="RowGroup"/>.</param>
    /// <param name="i1">End of the value indices, likewise.</param>
    public static void Run<V>(
        float* S, float* w, float* negKappa, float* b, float* k, float* v, float* r, float* y, int T, int ld, int i0, int i1)
        where V : struct, ILanes<V>
    {
        int i = i0;
        for (; i + (2 * V.Count) <= i1; i += 2 * V.Count)
        {
            Two<V>(S + i, w, negKappa, b, k, v + i, r, y + i, T, ld);
        }

        for (; i < i1; i += V.Count)
        {
            One<V>(S + i, w, negKappa, b, k, v + i, r, y + i, T, ld);
        }
    }

    private static void One<V>(float* S, float* w, float* negKappa, float* b, float* k, float* v, float* r, float* y, int T, int ld)
        where V : struct, ILanes<V>
    {
        V sa = V.Splat(0); // S·(−κ)
        for (int j = 0; j < N; j++)
        {
            sa = V.MultiplyAdd(V.Load(S + (j * N)), V.Splat(negKappa[j]), sa);
        }

        for (int t = 0; t < T; t++)
        {
            float* nextKappa = t + 1 < T ? negKappa + ld : negKappa;
            V vt = V.Load(v), yt = V.Splat(0), nextSa = V.Splat(0);
            for (int j = 0; j < N; j++)
            {
                V s = V.Load(S + (j * N)) * V.Splat(w[j]);
                s = V.MultiplyAdd(sa, V.Splat(b[j]), s);
                s = V.MultiplyAdd(vt, V.Splat(k[j]), s);
                s.Store(S + (j * N));
                yt = V.MultiplyAdd(s, V.Splat(r[j]), yt);
                nextSa = V.MultiplyAdd(s, V.Splat(nextKappa[j]), nextSa);
            }

            yt.Store(y);
            sa = nextSa;
            w += ld;
            negKappa += ld;
            b += ld;
            k += ld;
            v += ld;
            r += ld;
            y += ld;
        }
    }

    /// <summary>The same for two vectors of value indices, which share every broadcast.</summary>
    private static void Two<V>(float* S, float* w, float* negKappa, float* b, float* k, float* v, float* r, float* y, int T, int ld)
        where V : struct, ILanes<V>
    {
        V sa0 = V.Splat(0), sa1 = V.Splat(0);
        for (int j = 0; j < N; j++)
        {
            V kappa = V.Splat(negKappa[j]);
            sa0 = V.MultiplyAdd(V.Load(S + (j * N)), kappa, sa0);
            sa1 = V.MultiplyAdd(V.Load(S + (j * N) + V.Count), kappa, sa1);
        }

        for (int t = 0; t < T; t++)
        {
            float* nextKappa = t + 1 < T ? negKappa + ld : negKappa;
            V v0 = V.Load(v), v1 = V.Load(v + V.Count);
            V y0 = V.Splat(0), y1 = V.Splat(0), nextSa0 = V.Splat(0), nextSa1 = V.Splat(0);
            for (int j = 0; j < N; j++)
            {
                float* s = S + (j * N);
                V wj = V.Splat(w[j]), bj = V.Splat(b[j]), kj = V.Splat(k[j]), rj = V.Splat(r[j]), kappa = V.Splat(nextKappa[j]);
                V s0 = V.MultiplyAdd(v0, kj, V.MultiplyAdd(sa0, bj, V.Load(s) * wj));
                V s1 = V.MultiplyAdd(v1, kj, V.MultiplyAdd(sa1, bj, V.Load(s + V.Count) * wj));
                s0.Store(s);
                s1.Store(s + V.Count);
                y0 = V.MultiplyAdd(s0, rj, y0);
                y1 = V.MultiplyAdd(s1, rj, y1);
                nextSa0 = V.MultiplyAdd(s0, kappa, nextSa0);
                nextSa1 = V.MultiplyAdd(s1, kappa, nextSa1);
            }

            y0.Store(y);
            y1.Store(y + V.Count);
            sa0 = nextSa0;
            sa1 = nextSa1;
            w += ld;
            negKappa += ld;
            b += ld;
            k += ld;
            v += ld;
            r += ld;
            y += ld;
        }
    }
}
