namespace RwkvX.AI.Cpu.Kernels;

/// <summary>One product of a group: y[t, o] = Σ_k x[t, k] · w[o, k].</summary>
/// <param name="x">(T, K) inputs, unaligned.</param>
/// <param name="ldx">Floats from one row of x to the next.</param>
/// <param name="w">(O, K) weights.</param>
/// <param name="y">(T, O) results.</param>
/// <param name="ldy">Floats from one row of y to the next.</param>
internal readonly unsafe struct MatMulProduct(float* x, int ldx, WeightMatrix w, float* y, int ldy)
{
    public readonly float* X = x;
    public readonly float* Y = y;
    public readonly int Ldx = ldx;
    public readonly int Ldy = ldy;
    public readonly WeightMatrix W = w;
}
