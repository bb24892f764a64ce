using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>AVX-512: a chain is one register.</summary>
internal readonly unsafe struct MatMulVector512 : IMatMulKernel
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    public static void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights
    {
        const int Group = 4;
        nint stride = (nint)k * TWeights.Size;
        int whole = k & ~15;
        for (int o = 0; o < outputs; o += Group)
        {
            int last = Math.Min(Group, outputs - o) - 1; // rows past the end repeat the last one
            byte* w0 = w + (o * stride);
            byte* w1 = w0 + (Math.Min(1, last) * stride);
            byte* w2 = w0 + (Math.Min(2, last) * stride);
            byte* w3 = w0 + (Math.Min(3, last) * stride);
            nint ahead = Group * stride;
            Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0;
            for (nint i = 0; i < whole; i += 16)
            {
                Vector512<float> v = Vector512.Load(x + i);
                nint at = i * TWeights.Size;
                a0 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w0 + at), a0);
                a1 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w1 + at), a1);
                a2 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w2 + at), a2);
                a3 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w3 + at), a3);
                if ((at & 63) == 0)
                {
                    Sse.Prefetch0(w0 + ahead + at);
                    Sse.Prefetch0(w1 + ahead + at);
                    Sse.Prefetch0(w2 + ahead + at);
                    Sse.Prefetch0(w3 + ahead + at);
                }
            }

            if (whole < k)
            {
                nint at = whole * (nint)TWeights.Size;
                Vector512<float> v = Tail<MatMulF32Weights>((byte*)(x + whole), k - whole);
                a0 = Vector512.FusedMultiplyAdd(v, Tail<TWeights>(w0 + at, k - whole), a0);
                a1 = Vector512.FusedMultiplyAdd(v, Tail<TWeights>(w1 + at, k - whole), a1);
                a2 = Vector512.FusedMultiplyAdd(v, Tail<TWeights>(w2 + at, k - whole), a2);
                a3 = Vector512.FusedMultiplyAdd(v, Tail<TWeights>(w3 + at, k - whole), a3);
            }

            MatMulTail.Store(Reduce(a0, a1, a2, a3), scales, y, o, last + 1);
        }
    }

    public static void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights
    {
        for (nint s = 0; s < steps; s++)
        {
            TWeights.Load512(w + (s * 16 * TWeights.Size)).StoreAligned(panel + (s * MatMulTile.PanelStep));
        }
    }

    public static void Tile(in MatMulTile x, float* panel, int steps, float* sums, bool first)
    {
        Vector512<float> a0 = default, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        Vector512<float> b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        Vector512<float> c0 = a0, c1 = a0, c2 = a0, c3 = a0, c4 = a0, c5 = a0;
        Vector512<float> d0 = a0, d1 = a0, d2 = a0, d3 = a0, d4 = a0, d5 = a0;
        if (!first)
        {
            (a0, a1, a2, a3, a4, a5) = (At(sums, 0), At(sums, 1), At(sums, 2), At(sums, 3), At(sums, 4), At(sums, 5));
            (b0, b1, b2, b3, b4, b5) = (At(sums, 6), At(sums, 7), At(sums, 8), At(sums, 9), At(sums, 10), At(sums, 11));
            (c0, c1, c2, c3, c4, c5) = (At(sums, 12), At(sums, 13), At(sums, 14), At(sums, 15), At(sums, 16), At(sums, 17));
            (d0, d1, d2, d3, d4, d5) = (At(sums, 18), At(sums, 19), At(sums, 20), At(sums, 21), At(sums, 22), At(sums, 23));
        }

        float* x0 = x.X0, x1 = x.X1, x2 = x.X2, x3 = x.X3;
        nint count = (nint)steps * 16;
        for (nint k = 0; k < count; k += 16, panel += MatMulTile.PanelStep)
        {
            Vector512<float> a = Vector512.Load(x0 + k), b = Vector512.Load(x1 + k), c = Vector512.Load(x2 + k), d = Vector512.Load(x3 + k);
            Vector512<float> w = At(panel, 0);
            a0 = Vector512.FusedMultiplyAdd(a, w, a0);
            b0 = Vector512.FusedMultiplyAdd(b, w, b0);
            c0 = Vector512.FusedMultiplyAdd(c, w, c0);
            d0 = Vector512.FusedMultiplyAdd(d, w, d0);
            w = At(panel, 1);
            a1 = Vector512.FusedMultiplyAdd(a, w, a1);
            b1 = Vector512.FusedMultiplyAdd(b, w, b1);
            c1 = Vector512.FusedMultiplyAdd(c, w, c1);
            d1 = Vector512.FusedMultiplyAdd(d, w, d1);
            w = At(panel, 2);
            a2 = Vector512.FusedMultiplyAdd(a, w, a2);
            b2 = Vector512.FusedMultiplyAdd(b, w, b2);
            c2 = Vector512.FusedMultiplyAdd(c, w, c2);
            d2 = Vector512.FusedMultiplyAdd(d, w, d2);
            w = At(panel, 3);
            a3 = Vector512.FusedMultiplyAdd(a, w, a3);
            b3 = Vector512.FusedMultiplyAdd(b, w, b3);
            c3 = Vector512.FusedMultiplyAdd(c, w, c3);
            d3 = Vector512.FusedMultiplyAdd(d, w, d3);
            w = At(panel, 4);
            a4 = Vector512.FusedMultiplyAdd(a, w, a4);
            b4 = Vector512.FusedMultiplyAdd(b, w, b4);
            c4 = Vector512.FusedMultiplyAdd(c, w, c4);
            d4 = Vector512.FusedMultiplyAdd(d, w, d4);
            w = At(panel, 5);
            a5 = Vector512.FusedMultiplyAdd(a, w, a5);
            b5 = Vector512.FusedMultiplyAdd(b, w, b5);
            c5 = Vector512.FusedMultiplyAdd(c, w, c5);
            d5 = Vector512.FusedMultiplyAdd(d, w, d5);
        }

        Put(sums, a0, a1, a2, a3, a4, a5);
        Put(sums + MatMulTile.PanelStep, b0, b1, b2, b3, b4, b5);
        Put(sums + (2 * MatMulTile.PanelStep), c0, c1, c2, c3, c4, c5);
        Put(sums + (3 * MatMulTile.PanelStep), d0, d1, d2, d3, d4, d5);
    }

    public static void Reduce(float* sums, float* results) => MatMulVector256.Reduce(sums, results);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> At(float* vectors, nint index) => Vector512.Load(vectors + (index * 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(
        float* sums, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, Vector512<float> v4, Vector512<float> v5)
    {
        v0.StoreAligned(sums);
        v1.StoreAligned(sums + 16);
        v2.StoreAligned(sums + 32);
        v3.StoreAligned(sums + 48);
        v4.StoreAligned(sums + 64);
        v5.StoreAligned(sums + 80);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> Tail<TWeights>(byte* source, int count)
        where TWeights : struct, IMatMulWeights
    {
        float* padded = stackalloc float[16];
        MatMulTail.Widen<TWeights>(source, count, padded);
        return Vector512.Load(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Reduce(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3) =>
        MatMulVector128.Reduce(Fold(a0), Fold(a1), Fold(a2), Fold(a3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(Vector512<float> chain) => MatMulVector256.Fold(chain.GetLower() + chain.GetUpper());
}
