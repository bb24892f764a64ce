using System.Runtime.CompilerServices;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Plain C#: no vector hardware, or switched off. Four lanes of a chain at a time; multiply and add are rounded apart.</summary>
internal readonly unsafe struct MatMulScalar : IMatMulKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot<TWeights>(float* x, int k, byte* w, float* scales, float* y, int outputs)
        where TWeights : struct, IMatMulWeights
    {
        int whole = k & ~15;
        float* sums = stackalloc float[16], xTail = stackalloc float[16], wTail = stackalloc float[16];
        MatMulTail.Widen<MatMulF32Weights>((byte*)(x + whole), k - whole, xTail);
        for (int o = 0; o < outputs; o++, w += (nint)k * TWeights.Size)
        {
            Chains<TWeights>(x, w, whole / 16, 16 * TWeights.Size, sums, first: true);
            if (whole < k)
            {
                MatMulTail.Widen<TWeights>(w + (whole * (nint)TWeights.Size), k - whole, wTail);
                Chains<MatMulF32Weights>(xTail, (byte*)wTail, 1, 0, sums, first: false);
            }

            y[o] = scales == null ? Reduce(sums) : Reduce(sums) * scales[o];
        }
    }

    public static int DirectRows => 1;

    public static void DotRows<TWeights>(in MatMulProduct product, int rows, int start, int end)
        where TWeights : struct, IMatMulWeights => throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TWeights>(byte* w, int steps, float* panel)
        where TWeights : struct, IMatMulWeights
    {
        for (int s = 0; s < steps; s++, w += 16 * TWeights.Size, panel += MatMulTile.PanelStep)
        {
            for (int i = 0; i < 16; i++)
            {
                panel[i] = TWeights.Load(w + (i * TWeights.Size));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(in MatMulTile x, float* panel, int steps, float* sums, bool first)
    {
        for (int o = 0; o < MatMulTile.Outputs; o++, panel += 16, sums += 16)
        {
            Chains<MatMulF32Weights>(x.X0, (byte*)panel, steps, MatMulTile.PanelStep * sizeof(float), sums, first);
            Chains<MatMulF32Weights>(x.X1, (byte*)panel, steps, MatMulTile.PanelStep * sizeof(float), sums + MatMulTile.PanelStep, first);
            Chains<MatMulF32Weights>(x.X2, (byte*)panel, steps, MatMulTile.PanelStep * sizeof(float), sums + (2 * MatMulTile.PanelStep), first);
            Chains<MatMulF32Weights>(x.X3, (byte*)panel, steps, MatMulTile.PanelStep * sizeof(float), sums + (3 * MatMulTile.PanelStep), first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(float* sums, float* results)
    {
        for (int i = 0; i < MatMulTile.Rows * MatMulTile.Outputs; i++)
        {
            results[i] = Reduce(sums + (i * 16));
        }
    }

    private static float Reduce(float* s)
    {
        float s0 = (s[0] + s[8]) + (s[4] + s[12]);
        float s1 = (s[1] + s[9]) + (s[5] + s[13]);
        float s2 = (s[2] + s[10]) + (s[6] + s[14]);
        float s3 = (s[3] + s[11]) + (s[7] + s[15]);
        return (s0 + s2) + (s1 + s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chains<TWeights>(float* x, byte* w, int steps, int stepBytes, float* sums, bool first)
        where TWeights : struct, IMatMulWeights
    {
        for (int lane = 0; lane < 16; lane += 4, sums += 4)
        {
            float a0 = first ? 0f : sums[0], a1 = first ? 0f : sums[1], a2 = first ? 0f : sums[2], a3 = first ? 0f : sums[3];
            float* v = x + lane;
            byte* u = w + (lane * TWeights.Size);
            for (int s = 0; s < steps; s++, v += 16, u += stepBytes)
            {
                a0 += v[0] * TWeights.Load(u);
                a1 += v[1] * TWeights.Load(u + TWeights.Size);
                a2 += v[2] * TWeights.Load(u + (2 * TWeights.Size));
                a3 += v[3] * TWeights.Load(u + (3 * TWeights.Size));
            }

            (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, a2, a3);
        }
    }
}
