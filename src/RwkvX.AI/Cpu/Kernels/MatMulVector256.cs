using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>AVX2 with FMA: a chain is two registers, lanes 0-7 and 8-15.</summary>
internal readonly unsafe struct MatMulVector256 : IMatMulKernel
{
    public static bool IsSupported => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights
    {
        // One row after the other is the order that the hardware prefetches best. A byte a weight is faster than the latency of
        // one row's two registers, so four rows then, and the next four are asked for in the order in which they lie.
        int whole = k & ~15;
        float* tails = stackalloc float[5 * 16];
        MatMulTail.Widen<MatMulF32Weights>((byte*)(x + whole), k - whole, tails);
        int o = 0;
        for (; TWeights.Size == 1 && o + 4 <= outputs; o += 4)
        {
            MatMulTail.Store(Dot4<TWeights>(x, k, w + ((nint)o * k), tails), scales, y, o, 4);
        }

        for (; o < outputs; o++)
        {
            byte* row = w + ((nint)o * k * TWeights.Size);
            if (whole < k) // before the sums: a call would push them out of their registers
            {
                MatMulTail.Widen<TWeights>(row + ((nint)whole * TWeights.Size), k - whole, tails + 16);
            }

            Vector256<float> a = Vector256<float>.Zero, b = a;
            for (nint i = 0; i < whole; i += 16)
            {
                byte* at = row + (i * TWeights.Size);
                a = Vector256.FusedMultiplyAdd(Vector256.Load(x + i), TWeights.Load256(at), a);
                b = Vector256.FusedMultiplyAdd(Vector256.Load(x + i + 8), TWeights.Load256(at + (8 * TWeights.Size)), b);
            }

            if (whole < k)
            {
                a = Vector256.FusedMultiplyAdd(At(tails, 0), At(tails, 2), a);
                b = Vector256.FusedMultiplyAdd(At(tails, 1), At(tails, 3), b);
            }

            float sum = MatMulVector128.Sum(Fold(a + b));
            y[o] = scales == null ? sum : sum * scales[o];
        }
    }

    public static int DirectRows => 8;

    public static void DotRows<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights
    {
        const int Outputs = 16; // whose weights are still near when the next four rows want them
        for (int o = start; o < end; o += Outputs)
        {
            for (int t = 0; t < rows; t += 4)
            {
                DotRows4<TWeights>(product, t, Math.Min(4, rows - t), o, Math.Min(o + Outputs, end));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotRows4<TWeights>(in MatMulProduct product, int t, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights
    {
        int k = product.W.Columns, whole = k & ~15;
        MatMulTile x = new(product.X + ((nint)t * product.Ldx), product.Ldx, rows);
        float* y = product.Y + ((nint)t * product.Ldy);
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

            Vector256<float> a0 = default, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
            for (nint i = 0; i < whole; i += 16)
            {
                byte* at = row + (i * TWeights.Size);
                Vector256<float> w = TWeights.Load256(at), v = TWeights.Load256(at + (8 * TWeights.Size));
                a0 = Vector256.FusedMultiplyAdd(Vector256.Load(x0 + i), w, a0);
                b0 = Vector256.FusedMultiplyAdd(Vector256.Load(x0 + i + 8), v, b0);
                a1 = Vector256.FusedMultiplyAdd(Vector256.Load(x1 + i), w, a1);
                b1 = Vector256.FusedMultiplyAdd(Vector256.Load(x1 + i + 8), v, b1);
                a2 = Vector256.FusedMultiplyAdd(Vector256.Load(x2 + i), w, a2);
                b2 = Vector256.FusedMultiplyAdd(Vector256.Load(x2 + i + 8), v, b2);
                a3 = Vector256.FusedMultiplyAdd(Vector256.Load(x3 + i), w, a3);
                b3 = Vector256.FusedMultiplyAdd(Vector256.Load(x3 + i + 8), v, b3);
            }

            if (whole < k)
            {
                Vector256<float> w = At(wTail, 0), v = At(wTail, 1);
                a0 = Vector256.FusedMultiplyAdd(At(tails, 0), w, a0);
                b0 = Vector256.FusedMultiplyAdd(At(tails, 1), v, b0);
                a1 = Vector256.FusedMultiplyAdd(At(tails, 2), w, a1);
                b1 = Vector256.FusedMultiplyAdd(At(tails, 3), v, b1);
                a2 = Vector256.FusedMultiplyAdd(At(tails, 4), w, a2);
                b2 = Vector256.FusedMultiplyAdd(At(tails, 5), v, b2);
                a3 = Vector256.FusedMultiplyAdd(At(tails, 6), w, a3);
                b3 = Vector256.FusedMultiplyAdd(At(tails, 7), v, b3);
            }

            MatMulTail.StoreColumn(Reduce(a0, b0, a1, b1, a2, b2, a3, b3), scales == null ? 1f : scales[o], y + o, product.Ldy, rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights
    {
        for (nint s = 0; s < steps; s++)
        {
            TWeights.Load256(w + (s * 16 * TWeights.Size)).Store(panel + (s * MatMulTile.PanelStep));
            TWeights.Load256(w + (((s * 16) + 8) * TWeights.Size)).Store(panel + (s * MatMulTile.PanelStep) + 8);
        }
    }

    /// <summary>Two rows and one half of the lanes at a time: 12 sums of the 16 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(in MatMulTile x, float* panel, int steps, float* sums, bool first)
    {
        for (int half = 0; half < 16; half += 8)
        {
            Tile(x.X0 + half, x.X1 + half, panel + half, steps, sums + half, first);
            Tile(x.X2 + half, x.X3 + half, panel + half, steps, sums + half + (2 * MatMulTile.PanelStep), first);
        }
    }

    /// <summary>Two rows and three outputs at a time, all lanes: 12 sums that end in their registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Whole<TSelf>(in MatMulTile x, float* panel, int steps, float* sums, float* results)
        where TSelf : struct, IMatMulKernel
    {
        for (int j = 0; j < MatMulTile.Outputs; j += 3)
        {
            Whole(x.X0, x.X1, panel + (j * MatMulTile.Lanes), steps, results + j);
            Whole(x.X2, x.X3, panel + (j * MatMulTile.Lanes), steps, results + j + (2 * MatMulTile.Outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(float* sums, float* results)
    {
        for (int i = 0; i < MatMulTile.Rows * MatMulTile.Outputs; i += 4, sums += 4 * 16)
        {
            Reduce(At(sums, 0), At(sums, 1), At(sums, 2), At(sums, 3), At(sums, 4), At(sums, 5), At(sums, 6), At(sums, 7)).Store(results + i);
        }
    }

    /// <summary>Lanes i and i+4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Fold(Vector256<float> sums) => sums.GetLower() + sums.GetUpper();

    /// <summary>Four rows of bytes at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<float> Dot4<TWeights>(float* x, int k, byte* w, float* tails)
        where TWeights : struct, IMatMulWeights
    {
        int whole = k & ~15;
        byte* w0 = w, w1 = w0 + k, w2 = w1 + k, w3 = w2 + k, next = w3 + k;
        MatMulTail.WidenWeights<TWeights>(w, k, tails + 16);
        Vector256<float> a0 = default, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (nint i = 0; i < whole; next += 256)
        {
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + 64);
            Sse.Prefetch0(next + 128);
            Sse.Prefetch0(next + 192);
            for (nint stop = Math.Min(i + 64, whole); i < stop; i += 16)
            {
                Vector256<float> v = Vector256.Load(x + i), u = Vector256.Load(x + i + 8);
                a0 = Vector256.FusedMultiplyAdd(v, TWeights.Load256(w0 + i), a0);
                b0 = Vector256.FusedMultiplyAdd(u, TWeights.Load256(w0 + i + 8), b0);
                a1 = Vector256.FusedMultiplyAdd(v, TWeights.Load256(w1 + i), a1);
                b1 = Vector256.FusedMultiplyAdd(u, TWeights.Load256(w1 + i + 8), b1);
                a2 = Vector256.FusedMultiplyAdd(v, TWeights.Load256(w2 + i), a2);
                b2 = Vector256.FusedMultiplyAdd(u, TWeights.Load256(w2 + i + 8), b2);
                a3 = Vector256.FusedMultiplyAdd(v, TWeights.Load256(w3 + i), a3);
                b3 = Vector256.FusedMultiplyAdd(u, TWeights.Load256(w3 + i + 8), b3);
            }
        }

        if (whole < k)
        {
            Vector256<float> v = At(tails, 0), u = At(tails, 1);
            a0 = Vector256.FusedMultiplyAdd(v, At(tails, 2), a0);
            b0 = Vector256.FusedMultiplyAdd(u, At(tails, 3), b0);
            a1 = Vector256.FusedMultiplyAdd(v, At(tails, 4), a1);
            b1 = Vector256.FusedMultiplyAdd(u, At(tails, 5), b1);
            a2 = Vector256.FusedMultiplyAdd(v, At(tails, 6), a2);
            b2 = Vector256.FusedMultiplyAdd(u, At(tails, 7), b2);
            a3 = Vector256.FusedMultiplyAdd(v, At(tails, 8), a3);
            b3 = Vector256.FusedMultiplyAdd(u, At(tails, 9), b3);
        }

        return Reduce(a0, b0, a1, b1, a2, b2, a3, b3);
    }

    /// <summary>Ends four chains of two registers each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Reduce(
        Vector256<float> a0, Vector256<float> b0, Vector256<float> a1, Vector256<float> b1, Vector256<float> a2, Vector256<float> b2, Vector256<float> a3, Vector256<float> b3) =>
        MatMulVector128.Reduce(Fold(a0 + b0), Fold(a1 + b1), Fold(a2 + b2), Fold(a3 + b3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> At(float* vectors, nint index) => Vector256.Load(vectors + (index * 8));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* x0, float* x1, float* panel, int steps, float* sums, bool first)
    {
        Vector256<float> a0 = default, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        Vector256<float> b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        if (!first)
        {
            (a0, a1, a2, a3, a4, a5) = (At(sums, 0), At(sums, 2), At(sums, 4), At(sums, 6), At(sums, 8), At(sums, 10));
            (b0, b1, b2, b3, b4, b5) = (At(sums, 12), At(sums, 14), At(sums, 16), At(sums, 18), At(sums, 20), At(sums, 22));
        }

        nint count = (nint)steps * 16;
        for (nint k = 0; k < count; k += 16, panel += MatMulTile.PanelStep)
        {
            Vector256<float> a = Vector256.Load(x0 + k), b = Vector256.Load(x1 + k);
            Vector256<float> w = At(panel, 0);
            a0 = Vector256.FusedMultiplyAdd(a, w, a0);
            b0 = Vector256.FusedMultiplyAdd(b, w, b0);
            w = At(panel, 2);
            a1 = Vector256.FusedMultiplyAdd(a, w, a1);
            b1 = Vector256.FusedMultiplyAdd(b, w, b1);
            w = At(panel, 4);
            a2 = Vector256.FusedMultiplyAdd(a, w, a2);
            b2 = Vector256.FusedMultiplyAdd(b, w, b2);
            w = At(panel, 6);
            a3 = Vector256.FusedMultiplyAdd(a, w, a3);
            b3 = Vector256.FusedMultiplyAdd(b, w, b3);
            w = At(panel, 8);
            a4 = Vector256.FusedMultiplyAdd(a, w, a4);
            b4 = Vector256.FusedMultiplyAdd(b, w, b4);
            w = At(panel, 10);
            a5 = Vector256.FusedMultiplyAdd(a, w, a5);
            b5 = Vector256.FusedMultiplyAdd(b, w, b5);
        }

        Put(sums, a0, a1, a2, a3, a4, a5);
        Put(sums + MatMulTile.PanelStep, b0, b1, b2, b3, b4, b5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Whole(float* x0, float* x1, float* panel, int steps, float* results)
    {
        Vector256<float> a0 = default, a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0; // lanes 0-7
        Vector256<float> c0 = a0, c1 = a0, c2 = a0, d0 = a0, d1 = a0, d2 = a0; // lanes 8-15
        nint count = (nint)steps * 16;
        for (nint k = 0; k < count; k += 16, panel += MatMulTile.PanelStep)
        {
            Vector256<float> a = Vector256.Load(x0 + k), b = Vector256.Load(x1 + k);
            Vector256<float> w = At(panel, 0);
            a0 = Vector256.FusedMultiplyAdd(a, w, a0);
            b0 = Vector256.FusedMultiplyAdd(b, w, b0);
            w = At(panel, 2);
            a1 = Vector256.FusedMultiplyAdd(a, w, a1);
            b1 = Vector256.FusedMultiplyAdd(b, w, b1);
            w = At(panel, 4);
            a2 = Vector256.FusedMultiplyAdd(a, w, a2);
            b2 = Vector256.FusedMultiplyAdd(b, w, b2);
            a = Vector256.Load(x0 + k + 8);
            b = Vector256.Load(x1 + k + 8);
            w = At(panel, 1);
            c0 = Vector256.FusedMultiplyAdd(a, w, c0);
            d0 = Vector256.FusedMultiplyAdd(b, w, d0);
            w = At(panel, 3);
            c1 = Vector256.FusedMultiplyAdd(a, w, c1);
            d1 = Vector256.FusedMultiplyAdd(b, w, d1);
            w = At(panel, 5);
            c2 = Vector256.FusedMultiplyAdd(a, w, c2);
            d2 = Vector256.FusedMultiplyAdd(b, w, d2);
        }

        Vector128<float> first = Reduce(a0, c0, a1, c1, a2, c2, b0, d0), last = Reduce(b1, d1, b2, d2, b1, d1, b2, d2);
        first.GetLower().Store(results);
        results[2] = first[2];
        results[MatMulTile.Outputs] = first[3];
        last.GetLower().Store(results + MatMulTile.Outputs + 1);
    }

    private static void Put(
        float* sums, Vector256<float> v0, Vector256<float> v1, Vector256<float> v2, Vector256<float> v3, Vector256<float> v4, Vector256<float> v5)
    {
        v0.Store(sums);
        v1.Store(sums + 16);
        v2.Store(sums + 32);
        v3.Store(sums + 48);
        v4.Store(sums + 64);
        v5.Store(sums + 80);
    }
}
