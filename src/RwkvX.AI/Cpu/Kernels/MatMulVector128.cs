using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>NEON and SSE: a chain is four registers, lanes 0-3, 4-7, 8-11 and 12-15.</summary>
internal readonly unsafe struct MatMulVector128 : IMatMulKernel
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights
    {
        nint stride = (nint)k * TWeights.Size;
        int whole = k & ~15;
        float* tails = stackalloc float[2 * 16];
        MatMulTail.Widen<MatMulF32Weights>((byte*)(x + whole), k - whole, tails);
        for (int o = 0; o < outputs; o++)
        {
            byte* row = w + (o * stride);
            if (whole < k) // before the sums: a call would push them out of their registers
            {
                MatMulTail.Widen<TWeights>(row + (whole * (nint)TWeights.Size), k - whole, tails + 16);
            }

            Vector128<float> a0 = Vector128<float>.Zero, a1 = a0, a2 = a0, a3 = a0;
            for (nint i = 0; i < whole; i += 16)
            {
                byte* at = row + (i * TWeights.Size);
                a0 = MultiplyAdd(Vector128.Load(x + i), TWeights.Load128(at), a0);
                a1 = MultiplyAdd(Vector128.Load(x + i + 4), TWeights.Load128(at + (4 * TWeights.Size)), a1);
                a2 = MultiplyAdd(Vector128.Load(x + i + 8), TWeights.Load128(at + (8 * TWeights.Size)), a2);
                a3 = MultiplyAdd(Vector128.Load(x + i + 12), TWeights.Load128(at + (12 * TWeights.Size)), a3);
            }

            if (whole < k)
            {
                a0 = MultiplyAdd(At(tails, 0), At(tails, 4), a0);
                a1 = MultiplyAdd(At(tails, 1), At(tails, 5), a1);
                a2 = MultiplyAdd(At(tails, 2), At(tails, 6), a2);
                a3 = MultiplyAdd(At(tails, 3), At(tails, 7), a3);
            }

            float sum = Sum(Fold(a0, a1, a2, a3));
            y[o] = scales == null ? sum : sum * scales[o];
        }
    }

    public static int DirectRows => 1;

    public static void DotRows<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights => throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights
    {
        for (nint s = 0; s < steps; s++, w += 16 * TWeights.Size, panel += MatMulTile.PanelStep)
        {
            for (int i = 0; i < 16; i += 4)
            {
                TWeights.Load128(w + (i * TWeights.Size)).Store(panel + i);
            }
        }
    }

    /// <summary>Two rows and a quarter of the lanes at a time: 12 sums fit the 16 registers of SSE.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(in MatMulTile x, float* panel, int steps, float* sums, bool first)
    {
        for (int quarter = 0; quarter < 16; quarter += 4)
        {
            Tile(x.X0 + quarter, x.X1 + quarter, panel + quarter, steps, sums + quarter, first);
            Tile(x.X2 + quarter, x.X3 + quarter, panel + quarter, steps, sums + quarter + (2 * MatMulTile.PanelStep), first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(float* sums, float* results)
    {
        for (int i = 0; i < MatMulTile.Rows * MatMulTile.Outputs; i++, sums += 16)
        {
            results[i] = Sum(Fold(At(sums, 0), At(sums, 1), At(sums, 2), At(sums, 3)));
        }
    }

    /// <summary>Ends four chains of which four lanes are left: lanes i and i+2, then the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Reduce(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (!Sse.IsSupported)
        {
            return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
        }

        Vector128<float> ab = Sse.MoveLowToHigh(a, b) + Sse.MoveHighToLow(b, a); // a0+a2 a1+a3 b0+b2 b1+b3
        Vector128<float> cd = Sse.MoveLowToHigh(c, d) + Sse.MoveHighToLow(d, c);
        return Sse.Shuffle(ab, cd, 0b10_00_10_00) + Sse.Shuffle(ab, cd, 0b11_01_11_01);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(Vector128<float> a0, Vector128<float> a1, Vector128<float> a2, Vector128<float> a3) =>
        (a0 + a2) + (a1 + a3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector128<float> v) => (v[0] + v[2]) + (v[1] + v[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> At(float* vectors, nint index) => Vector128.Load(vectors + (index * 4));

    /// <summary>Fused where the hardware has it (the software form of the fused operation would be 50 times slower).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> MultiplyAdd(Vector128<float> x, Vector128<float> w, Vector128<float> sum) =>
        Fma.IsSupported || AdvSimd.IsSupported ? Vector128.FusedMultiplyAdd(x, w, sum) : (x * w) + sum;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* x0, float* x1, float* panel, int steps, float* sums, bool first)
    {
        Vector128<float> a0 = default, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        Vector128<float> b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        if (!first)
        {
            (a0, a1, a2, a3, a4, a5) = (At(sums, 0), At(sums, 4), At(sums, 8), At(sums, 12), At(sums, 16), At(sums, 20));
            (b0, b1, b2, b3, b4, b5) = (At(sums, 24), At(sums, 28), At(sums, 32), At(sums, 36), At(sums, 40), At(sums, 44));
        }

        nint count = (nint)steps * 16;
        for (nint k = 0; k < count; k += 16, panel += MatMulTile.PanelStep)
        {
            Vector128<float> a = Vector128.Load(x0 + k), b = Vector128.Load(x1 + k);
            Vector128<float> w = At(panel, 0);
            a0 = MultiplyAdd(a, w, a0);
            b0 = MultiplyAdd(b, w, b0);
            w = At(panel, 4);
            a1 = MultiplyAdd(a, w, a1);
            b1 = MultiplyAdd(b, w, b1);
            w = At(panel, 8);
            a2 = MultiplyAdd(a, w, a2);
            b2 = MultiplyAdd(b, w, b2);
            w = At(panel, 12);
            a3 = MultiplyAdd(a, w, a3);
            b3 = MultiplyAdd(b, w, b3);
            w = At(panel, 16);
            a4 = MultiplyAdd(a, w, a4);
            b4 = MultiplyAdd(b, w, b4);
            w = At(panel, 20);
            a5 = MultiplyAdd(a, w, a5);
            b5 = MultiplyAdd(b, w, b5);
        }

        Put(sums, a0, a1, a2, a3, a4, a5);
        Put(sums + MatMulTile.PanelStep, b0, b1, b2, b3, b4, b5);
    }

    private static void Put(
        float* sums, Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3, Vector128<float> v4, Vector128<float> v5)
    {
        v0.Store(sums);
        v1.Store(sums + 16);
        v2.Store(sums + 32);
        v3.Store(sums + 48);
        v4.Store(sums + 64);
        v5.Store(sums + 80);
    }
}
