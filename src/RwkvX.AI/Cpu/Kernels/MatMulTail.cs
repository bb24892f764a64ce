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
}
