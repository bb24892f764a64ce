namespace RwkvX.AI.Cpu.Kernels;

/// <summary>What stands between the projections of a time mix and its recurrence, and between the recurrence and the output, for one token and head.</summary>
internal static unsafe class TimeMixGates
{
    private const int N = Wkv.N;
    private const float NegExpNegHalf = -0.60653066f; // −exp(−0.5)

    /// <summary>v ← v + (vFirst − v)·σ(v0 + nu) over one head.</summary>
    public static void MixValue<V>(float* v, float* vFirst, float* nu, float* v0)
        where V : struct, ILanes<V>
    {
        for (int c = 0; c < N; c += V.Count)
        {
            V mine = V.Load(v + c);
            V share = Activations.Sigmoid(V.Load(v0 + c) + V.Load(nu + c));
            V.MultiplyAdd(V.Load(vFirst + c) - mine, share, mine).Store(v + c);
        }
    }

    /// <summary>
    /// w ← exp(−exp(−0.5)·σ(w0 + w)); a = σ(a0 + a); −κ ← −k·k_k / max(‖k·k_k‖, 1e-12); b (over a) ← κ·a; k ← k·(1 + (a − 1)·k_a).
    /// </summary>
    /// <returns>Σ r·k·r_k with the new k: the head's bonus.</returns>
    public static float Prepare<V>(
        float* w, float* a, float* k, float* r, float* negKappa, float* w0, float* a0, float* kk, float* ka, float* rk)
        where V : struct, ILanes<V>
    {
        V squares = V.Splat(0), bonus = V.Splat(0), one = V.Splat(1);
        for (int c = 0; c < N; c += V.Count)
        {
            V kappa = V.Load(k + c) * V.Load(kk + c);
            squares = V.MultiplyAdd(kappa, kappa, squares);
        }

        V scale = V.Splat(1 / MathF.Max(MathF.Sqrt(squares.Sum()), 1e-12f));
        for (int c = 0; c < N; c += V.Count)
        {
            V.Exp(V.Splat(NegExpNegHalf) * Activations.Sigmoid(V.Load(w0 + c) + V.Load(w + c))).Store(w + c);
            V gate = Activations.Sigmoid(V.Load(a0 + c) + V.Load(a + c));
            V key = V.Load(k + c);
            V kappa = key * V.Load(kk + c) * scale;
            (V.Splat(0) - kappa).Store(negKappa + c);
            (kappa * gate).Store(a + c);
            key *= V.MultiplyAdd(gate - one, V.Load(ka + c), one);
            key.Store(k + c);
            bonus = V.MultiplyAdd(V.Load(r + c) * key, V.Load(rk + c), bonus);
        }

        return bonus.Sum();
    }

    /// <summary>y ← (GroupNorm(y) + bonus·v)·g over one head.</summary>
    public static void Finish<V>(float* y, float* v, float* g, float bonus, float* lnWeight, float* lnBias)
        where V : struct, ILanes<V>
    {
        LayerNorm.Run<V>(y, lnWeight, lnBias, y, N, LayerNorm.GroupEpsilon);
        V share = V.Splat(bonus);
        for (int c = 0; c < N; c += V.Count)
        {
            (V.MultiplyAdd(share, V.Load(v + c), V.Load(y + c)) * V.Load(g + c)).Store(y + c);
        }
    }
}
