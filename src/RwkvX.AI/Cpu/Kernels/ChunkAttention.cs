namespace RwkvX.AI.Cpu.Kernels;

/// <summary>softmax(q·Kᵀ / √64)·V over the chunks that a query chose, one chunk after another. See docs/kernels/sparse-attention.md.</summary>
/// <remarks>
/// A chunk is visited in steps of 64 keys cut at fixed places, and every step rescales what was gathered before it. The steps of a
/// query, and the order of operations in each, depend on its position alone: the same bits come out in a prefill and in a single step.
/// </remarks>
internal static unsafe class ChunkAttention
{
    /// <summary>Keys that one step of the softmax takes.</summary>
    public const int Step = 64;

    private const int N = Wkv.N;
    private const int Tile = KeyScores.Tile;
    private const float Scale = 0.125f; // 1 / √64

    /// <summary>Begins a query: nothing gathered yet.</summary>
    public static void Begin(AttentionQuery* query)
    {
        query->Max = float.NegativeInfinity;
        query->Sum = 0;
        new Span<float>(query->Out, N).Clear();
    }

    /// <summary>Lets up to four queries read a chunk.</summary>
    /// <param name="tile">(count) pointers to the queries.</param>
    /// <param name="count">1 to 4.</param>
    /// <param name="keys">The chunk's keys of this head, in blocks (<see cref="KeyScores"/>).</param>
    /// <param name="values">(rows, 64) its values.</param>
    /// <param name="rows">Rows that any query of the tile may see.</param>
    /// <param name="causal">Whether it is the queries' own chunk: each sees its <see cref="AttentionQuery.OwnRows"/> only.</param>
    public static void Visit<V>(AttentionQuery** tile, int count, float* keys, float* values, int rows, bool causal)
        where V : struct, ILanes<V>
    {
        float* p = stackalloc float[Tile * Step];
        float* unused = stackalloc float[N];
        float* rescale = stackalloc float[Tile];
        float** q = stackalloc float*[Tile];
        float** o = stackalloc float*[Tile];
        for (int i = 0; i < Tile; i++)
        {
            q[i] = tile[Math.Min(i, count - 1)]->Q;
            o[i] = i < count ? tile[i]->Out : unused;
        }

        for (int s = 0; s < rows; s += Step)
        {
            int n = Math.Min(Step, rows - s);
            float* stepKeys = keys + ((nint)s * N);
            if (count == 1)
            {
                KeyScores.One<V>(q[0], stepKeys, n, p);
                rescale[0] = Softmax<V>(tile[0], p, causal ? Math.Min(tile[0]->OwnRows - s, n) : n);
                GatherOne<V>(p, rescale[0], values + ((nint)s * N), n, o[0]);
                continue;
            }

            KeyScores.Four<V>(q, stepKeys, n, p, Step);
            for (int i = 0; i < count; i++)
            {
                rescale[i] = Softmax<V>(tile[i], p + (i * Step), causal ? Math.Min(tile[i]->OwnRows - s, n) : n);
            }

            GatherFour<V>(p, rescale, values + ((nint)s * N), n, o);
        }
    }

    /// <summary>Ends a query: its result is in <see cref="AttentionQuery.Out"/>.</summary>
    public static void Finish<V>(AttentionQuery* query)
        where V : struct, ILanes<V>
    {
        V sum = V.Splat(query->Sum);
        for (int c = 0; c < N; c += V.Count)
        {
            (V.Load(query->Out + c) / sum).Store(query->Out + c);
        }
    }

    /// <summary>Turns a step's scores into weights exp(score − max); those from <paramref name="visible"/> on become 0.</summary>
    /// <returns>What the sums gathered so far are to be multiplied by.</returns>
    private static float Softmax<V>(AttentionQuery* query, float* p, int visible)
        where V : struct, ILanes<V>
    {
        if (visible <= 0)
        {
            new Span<float>(p, Step).Clear();
            return 1;
        }

        V scale = V.Splat(Scale), top = V.Splat(float.NegativeInfinity);
        for (int s = 0; s < visible; s += V.Count)
        {
            V score = V.KeepFirst(V.Load(p + s) * scale, visible - s, float.NegativeInfinity);
            score.Store(p + s);
            top = V.Max(top, score);
        }

        float max = MathF.Max(query->Max, top.Largest());
        float rescale = MathF.Exp(query->Max - max);
        V shift = V.Splat(max), sum = V.Splat(0);
        int end = 0;
        for (; end < visible; end += V.Count)
        {
            V weight = V.KeepFirst(V.Exp(V.Load(p + end) - shift), visible - end, 0);
            weight.Store(p + end);
            sum += weight;
        }

        new Span<float>(p + end, Step - end).Clear();
        query->Max = max;
        query->Sum = (query->Sum * rescale) + sum.Sum();
        return rescale;
    }

    private static void GatherOne<V>(float* p, float rescale, float* values, int rows, float* o)
        where V : struct, ILanes<V>
    {
        V scale = V.Splat(rescale);
        for (int c = 0; c < N; c += 4 * V.Count)
        {
            V o0 = V.Load(o + c) * scale, o1 = V.Load(o + c + V.Count) * scale;
            V o2 = V.Load(o + c + (2 * V.Count)) * scale, o3 = V.Load(o + c + (3 * V.Count)) * scale;
            for (int s = 0; s < rows; s++)
            {
                float* v = values + (s * N) + c;
                V ps = V.Splat(p[s]);
                o0 = V.MultiplyAdd(ps, V.Load(v), o0);
                o1 = V.MultiplyAdd(ps, V.Load(v + V.Count), o1);
                o2 = V.MultiplyAdd(ps, V.Load(v + (2 * V.Count)), o2);
                o3 = V.MultiplyAdd(ps, V.Load(v + (3 * V.Count)), o3);
            }

            o0.Store(o + c);
            o1.Store(o + c + V.Count);
            o2.Store(o + c + (2 * V.Count));
            o3.Store(o + c + (3 * V.Count));
        }
    }

    private static void GatherFour<V>(float* p, float* rescale, float* values, int rows, float** o)
        where V : struct, ILanes<V>
    {
        for (int c = 0; c < N; c += 2 * V.Count)
        {
            float* o0 = o[0] + c, o1 = o[1] + c, o2 = o[2] + c, o3 = o[3] + c;
            V a0 = V.Load(o0) * V.Splat(rescale[0]), b0 = V.Load(o0 + V.Count) * V.Splat(rescale[0]);
            V a1 = V.Load(o1) * V.Splat(rescale[1]), b1 = V.Load(o1 + V.Count) * V.Splat(rescale[1]);
            V a2 = V.Load(o2) * V.Splat(rescale[2]), b2 = V.Load(o2 + V.Count) * V.Splat(rescale[2]);
            V a3 = V.Load(o3) * V.Splat(rescale[3]), b3 = V.Load(o3 + V.Count) * V.Splat(rescale[3]);
            for (int s = 0; s < rows; s++)
            {
                V va = V.Load(values + (s * N) + c), vb = V.Load(values + (s * N) + c + V.Count);
                V ps = V.Splat(p[s]);
                a0 = V.MultiplyAdd(ps, va, a0);
                b0 = V.MultiplyAdd(ps, vb, b0);
                ps = V.Splat(p[Step + s]);
                a1 = V.MultiplyAdd(ps, va, a1);
                b1 = V.MultiplyAdd(ps, vb, b1);
                ps = V.Splat(p[(2 * Step) + s]);
                a2 = V.MultiplyAdd(ps, va, a2);
                b2 = V.MultiplyAdd(ps, vb, b2);
                ps = V.Splat(p[(3 * Step) + s]);
                a3 = V.MultiplyAdd(ps, va, a3);
                b3 = V.MultiplyAdd(ps, vb, b3);
            }

            a0.Store(o0);
            b0.Store(o0 + V.Count);
            a1.Store(o1);
            b1.Store(o1 + V.Count);
            a2.Store(o2);
            b2.Store(o2 + V.Count);
            a3.Store(o3);
            b3.Store(o3 + V.Count);
        }
    }
}
