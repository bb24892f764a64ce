using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>AVX-512: a chain is one register.</summary>
internal readonly unsafe struct MatMulVector512 : IMatMulKernel
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    public static int DirectRows => 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights
    {
        // One row of weights after the other is the order that the hardware prefetches best. A byte a weight is faster than
        // one chain's latency, so four rows then, and the next four are asked for in the order in which they lie.
        int whole = k & ~15;
        float* xTail = stackalloc float[5 * 16], wTail = xTail + 16;
        MatMulTail.Widen<MatMulF32Weights>((byte*)(x + whole), k - whole, xTail);
        int o = 0;
        for (; TWeights.Size == 1 && o + 4 <= outputs; o += 4)
        {
            MatMulTail.Store(Dot4<TWeights>(x, k, w + ((nint)o * k), xTail), scales, y, o, 4);
        }

        for (; o < outputs; o++)
        {
            byte* row = w + ((nint)o * k * TWeights.Size);
            if (whole < k) // before the sum: a call would push it out of its register, and out of the loop's too
            {
                MatMulTail.Widen<TWeights>(row + ((nint)whole * TWeights.Size), k - whole, wTail);
            }

            Vector512<float> a = Vector512<float>.Zero;
            for (nint i = 0; i < whole; i += 16)
            {
                a = Vector512.FusedMultiplyAdd(Vector512.Load(x + i), TWeights.Load512(row + (i * TWeights.Size)), a);
            }

            if (whole < k)
            {
                a = Vector512.FusedMultiplyAdd(At(xTail, 0), At(wTail, 0), a);
            }

            float sum = MatMulVector128.Sum(Fold(a));
            y[o] = scales == null ? sum : sum * scales[o];
        }
    }

    public static void DotRows<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights
    {
        if (rows <= 4)
        {
            DotRows4<TWeights>(product, rows, start, end);
        }
        else
        {
            DotRows8<TWeights>(product, rows, start, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights
    {
        for (nint s = 0; s < steps; s++)
        {
            TWeights.Load512(w + (s * 16 * TWeights.Size)).StoreAligned(panel + (s * MatMulTile.PanelStep));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Four rows of weights, one byte each weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Dot4<TWeights>(float* x, int k, byte* w0, float* tails)
        where TWeights : struct, IMatMulWeights
    {
        byte* w1 = w0 + k, w2 = w1 + k, w3 = w2 + k, next = w3 + k;
        int whole = k & ~15;
        MatMulTail.WidenWeights<TWeights>(w0, k, tails + 16);
        Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0;
        for (nint i = 0; i < whole; next += 4 * 64)
        {
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + 64);
            Sse.Prefetch0(next + 128);
            Sse.Prefetch0(next + 192);
            for (nint stop = Math.Min(i + 64, whole); i < stop; i += 16)
            {
                Vector512<float> v = Vector512.Load(x + i);
                a0 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w0 + i), a0);
                a1 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w1 + i), a1);
                a2 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w2 + i), a2);
                a3 = Vector512.FusedMultiplyAdd(v, TWeights.Load512(w3 + i), a3);
            }
        }

        if (whole < k)
        {
            Vector512<float> v = At(tails, 0);
            a0 = Vector512.FusedMultiplyAdd(v, At(tails, 1), a0);
            a1 = Vector512.FusedMultiplyAdd(v, At(tails, 2), a1);
            a2 = Vector512.FusedMultiplyAdd(v, At(tails, 3), a2);
            a3 = Vector512.FusedMultiplyAdd(v, At(tails, 4), a3);
        }

        return Reduce(a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotRows4<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights
    {
        int k = product.W.Columns, whole = k & ~15;
        MatMulTile x = new(product.X, product.Ldx, rows);
        float* x0 = x.X0, x1 = x.X1, x2 = x.X2, x3 = x.X3, scales = product.W.Scales;
        float* tails = stackalloc float[5 * 16], wTail = tails + (4 * 16);
        MatMulTail.WidenRows(x, k, tails);
        byte* row = product.W.Row(start);
        for (int o = start; o < end; o++, row += (nint)k * TWeights.Size)
        {
            if (whole < k)
            {
                MatMulTail.Widen<TWeights>(row + ((nint)whole * TWeights.Size), k - whole, wTail);
            }

            Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0;
            for (nint i = 0; i < whole; i += 16)
            {
                Vector512<float> w = TWeights.Load512(row + (i * TWeights.Size));
                a0 = Vector512.FusedMultiplyAdd(Vector512.Load(x0 + i), w, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.Load(x1 + i), w, a1);
                a2 = Vector512.FusedMultiplyAdd(Vector512.Load(x2 + i), w, a2);
                a3 = Vector512.FusedMultiplyAdd(Vector512.Load(x3 + i), w, a3);
            }

            if (whole < k)
            {
                Vector512<float> w = At(wTail, 0);
                a0 = Vector512.FusedMultiplyAdd(At(tails, 0), w, a0);
                a1 = Vector512.FusedMultiplyAdd(At(tails, 1), w, a1);
                a2 = Vector512.FusedMultiplyAdd(At(tails, 2), w, a2);
                a3 = Vector512.FusedMultiplyAdd(At(tails, 3), w, a3);
            }

            MatMulTail.StoreColumn(Reduce(a0, a1, a2, a3), scales == null ? 1f : scales[o], product.Y + o, product.Ldy, rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotRows8<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights
    {
        int k = product.W.Columns, whole = k & ~15;
        MatMulTile x = new(product.X, product.Ldx, 4), z = new(product.X + (4 * (nint)product.Ldx), product.Ldx, rows - 4);
        float* x0 = x.X0, x1 = x.X1, x2 = x.X2, x3 = x.X3, z0 = z.X0, z1 = z.X1, z2 = z.X2, z3 = z.X3, scales = product.W.Scales;
        float* tails = stackalloc float[9 * 16], wTail = tails + (8 * 16);
        MatMulTail.WidenRows(x, k, tails);
        MatMulTail.WidenRows(z, k, tails + 64);
        byte* row = product.W.Row(start);
        for (int o = start; o < end; o++, row += (nint)k * TWeights.Size)
        {
            if (whole < k)
            {
                MatMulTail.Widen<TWeights>(row + ((nint)whole * TWeights.Size), k - whole, wTail);
            }

            Vector512<float> a0 = Vector512<float>.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            for (nint i = 0; i < whole; i += 16)
            {
                Vector512<float> w = TWeights.Load512(row + (i * TWeights.Size));
                a0 = Vector512.FusedMultiplyAdd(Vector512.Load(x0 + i), w, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.Load(x1 + i), w, a1);
                a2 = Vector512.FusedMultiplyAdd(Vector512.Load(x2 + i), w, a2);
                a3 = Vector512.FusedMultiplyAdd(Vector512.Load(x3 + i), w, a3);
                b0 = Vector512.FusedMultiplyAdd(Vector512.Load(z0 + i), w, b0);
                b1 = Vector512.FusedMultiplyAdd(Vector512.Load(z1 + i), w, b1);
                b2 = Vector512.FusedMultiplyAdd(Vector512.Load(z2 + i), w, b2);
                b3 = Vector512.FusedMultiplyAdd(Vector512.Load(z3 + i), w, b3);
            }

            if (whole < k)
            {
                Vector512<float> w = At(wTail, 0);
                a0 = Vector512.FusedMultiplyAdd(At(tails, 0), w, a0);
                a1 = Vector512.FusedMultiplyAdd(At(tails, 1), w, a1);
                a2 = Vector512.FusedMultiplyAdd(At(tails, 2), w, a2);
                a3 = Vector512.FusedMultiplyAdd(At(tails, 3), w, a3);
                b0 = Vector512.FusedMultiplyAdd(At(tails, 4), w, b0);
                b1 = Vector512.FusedMultiplyAdd(At(tails, 5), w, b1);
                b2 = Vector512.FusedMultiplyAdd(At(tails, 6), w, b2);
                b3 = Vector512.FusedMultiplyAdd(At(tails, 7), w, b3);
            }

            float scale = scales == null ? 1f : scales[o];
            MatMulTail.StoreColumn(Reduce(a0, a1, a2, a3), scale, product.Y + o, product.Ldy, 4);
            MatMulTail.StoreColumn(Reduce(b0, b1, b2, b3), scale, product.Y + o + (4 * (nint)product.Ldy), product.Ldy, rows - 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Reduce(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3) =>
        MatMulVector128.Reduce(Fold(a0), Fold(a1), Fold(a2), Fold(a3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Fold(Vector512<float> chain) => MatMulVector256.Fold(chain.GetLower() + chain.GetUpper());
}
