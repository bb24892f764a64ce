using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Σ_d c[d]·q[d]: the 16-bit codes of one chunk mean against a query, in single precision.</summary>
/// <remarks>Forms differ in the order of the sum: <see cref="MeanSearch"/> allows for the rounding of any order.</remarks>
internal static unsafe class FineScore
{
    private const int N = Wkv.N;

    /// <summary>The sum.</summary>
    /// <param name="codes">(64) the codes.</param>
    /// <param name="q">(64) the query.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Run(short* codes, float* q) =>
        Avx512F.IsSupported ? RunAvx512(codes, q) : Avx2.IsSupported && Fma.IsSupported ? RunAvx2(codes, q) : RunPortable(codes, q);

    internal static float RunAvx512(short* codes, float* q)
    {
        Vector512<float> sum = default;
        for (int d = 0; d < N; d += 16)
        {
            sum = Avx512F.FusedMultiplyAdd(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector256.Load(codes + d))), Vector512.Load(q + d), sum);
        }

        return Vector512.Sum(sum);
    }

    internal static float RunAvx2(short* codes, float* q)
    {
        Vector256<float> sum = default;
        for (int d = 0; d < N; d += 8)
        {
            sum = Fma.MultiplyAdd(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(codes + d)), Vector256.Load(q + d), sum);
        }

        return Vector256.Sum(sum);
    }

    internal static float RunPortable(short* codes, float* q)
    {
        float sum = 0;
        for (int d = 0; d < N; d++)
        {
            sum += codes[d] * q[d];
        }

        return sum;
    }
}
