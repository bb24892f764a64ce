using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>Σ_d c[d]·p[d]: the 8-bit codes of one chunk mean against a query in 16 bits, in whole numbers: every form gives the same sum.</summary>
internal static unsafe class FineScore
{
    private const int N = Wkv.N;

    /// <summary>The sum; at most 64·127·32,767 in size.</summary>
    /// <param name="codes">(64) −127…127.</param>
    /// <param name="p">(64) −32,767…32,767.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Run(sbyte* codes, short* p) => Avx2.IsSupported ? RunAvx2(codes, p) : RunPortable(codes, p);

    internal static int RunAvx2(sbyte* codes, short* p)
    {
        Vector256<int> sum = default;
        for (int d = 0; d < N; d += 16)
        {
            sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(codes + d), Vector256.Load(p + d));
        }

        return Vector256.Sum(sum);
    }

    internal static int RunPortable(sbyte* codes, short* p)
    {
        int sum = 0;
        for (int d = 0; d < N; d++)
        {
            sum += codes[d] * p[d];
        }

        return sum;
    }
}
