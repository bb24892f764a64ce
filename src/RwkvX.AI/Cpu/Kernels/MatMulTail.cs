using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>The ends of a matrix product that do not fill a register.</summary>
internal static unsafe class MatMulTail
{
    /// <summary>Widens the last, partial step of a row, padded with zeros to 16 lanes.</summary>
    public static void Widen<TWeights>(byte* source, int count, float* padded)
        where TWeights : struct, IMatMulWeights
    {
        for (int i = 0; i < MatMulTile.Lanes; i++)
        {
            padded[i] = i < count ? TWeights.Load(source + (i * TWeights.Size)) : 0f;
        }
    }

    /// <summary>The partial steps of a tile's four rows of inputs; nothing where K is whole.</summary>
    /// <param name="x">The rows.</param>
    /// <param name="k">K.</param>
    /// <param name="padded">(4, 16)</param>
    public static void WidenRows(in MatMulTile x, int k, float* padded)
    {
        int whole = k & ~15;
        if (whole < k)
        {
            Widen<MatMulF32Weights>((byte*)(x.X0 + whole), k - whole, padded + 0);
            Widen<MatMulF32Weights>((byte*)(x.X1 + whole), k - whole, padded + 16);
            Widen<MatMulF32Weights>((byte*)(x.X2 + whole), k - whole, padded + 32);
            Widen<MatMulF32Weights>((byte*)(x.X3 + whole), k - whole, padded + 48);
        }
    }

    /// <summary>The partial steps of four rows of weights, one after the other; nothing where K is whole.</summary>
    /// <param name="w">The first row.</param>
    /// <param name="k">K.</param>
    /// <param name="padded">(4, 16)</param>
    public static void WidenWeights<TWeights>(byte* w, int k, float* padded)
        where TWeights : struct, IMatMulWeights
    {
        int whole = k & ~15;
        for (int row = 0; row < 4 && whole < k; row++)
        {
            Widen<TWeights>(w + ((((nint)row * k) + whole) * TWeights.Size), k - whole, padded + (row * MatMulTile.Lanes));
        }
    }

    /// <summary>Writes up to four finished sums, times their scales where there are some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> sums, float* scales, float* y, int start, int count)
    {
        if (count == 4)
        {
            (scales == null ? sums : sums * Vector128.Load(scales + start)).Store(y + start);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            y[start + i] = scales == null ? sums[i] : sums[i] * scales[start + i];
        }
    }

    /// <summary>Writes a tile's row, up to six finished sums, times their scales where there are some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSix(float* sums, float* scales, float* y, int count)
    {
        if (count == MatMulTile.Outputs && Vector128.IsHardwareAccelerated)
        {
            Vector128<float> four = Vector128.Load(sums), last = Vector128.Load(sums + 2); // two of them twice
            (scales == null ? four : four * Vector128.Load(scales)).Store(y);
            (scales == null ? last : last * Vector128.Load(scales + 2)).Store(y + 2);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            y[i] = scales == null ? sums[i] : sums[i] * scales[i];
        }
    }

    /// <summary>Writes up to four finished sums of one output, rows below each other; the scale is 1 where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumn(Vector128<float> sums, float scale, float* y, nint ldy, int count)
    {
        sums *= scale;
        y[0] = sums[0];
        if (count > 1)
        {
            y[ldy] = sums[1];
        }

        if (count > 2)
        {
            y[2 * ldy] = sums[2];
        }

        if (count > 3)
        {
            y[3 * ldy] = sums[3];
        }
    }
}
