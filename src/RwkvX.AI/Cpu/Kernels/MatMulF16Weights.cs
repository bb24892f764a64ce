using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// IEEE half precision. .NET exposes no vector conversion, so: move exponent and mantissa to a single's place and add the difference
/// of the biases (112) to the exponent; subnormals (exponent 0) get one more and lose the then implicit 2^-14 by a subtraction,
/// which is exact and needs no subnormal single; infinities and NaNs (exponent 31) get 112 more.
/// </summary>
internal readonly unsafe struct MatMulF16Weights : IMatMulWeights
{
    private const int Rebias = 112 << 23;
    private const int MinNormal = 113 << 23;  // 2^-14 as a single, and the smallest rebiased normal
    private const int Infinity = 143 << 23;   // the rebiased exponent 31

    public static int Size => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source)
    {
        Vector512<int> h = Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source));
        Vector512<int> m = ((h & Vector512.Create(0x7fff)) << 13) + Vector512.Create(Rebias);
        Vector512<int> sub = ((m + Vector512.Create(1 << 23)).AsSingle() - Vector512.Create(MinNormal).AsSingle()).AsInt32();
        m = Vector512.ConditionalSelect(Vector512.LessThan(m, Vector512.Create(MinNormal)), sub, m);
        m += Vector512.GreaterThanOrEqual(m, Vector512.Create(Infinity)) & Vector512.Create(Rebias);
        return (m | ((h & Vector512.Create(0x8000)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source)
    {
        Vector256<int> h = Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)source));
        Vector256<int> m = ((h & Vector256.Create(0x7fff)) << 13) + Vector256.Create(Rebias);
        Vector256<int> sub = ((m + Vector256.Create(1 << 23)).AsSingle() - Vector256.Create(MinNormal).AsSingle()).AsInt32();
        m = Vector256.ConditionalSelect(Vector256.LessThan(m, Vector256.Create(MinNormal)), sub, m);
        m += Vector256.GreaterThan(m, Vector256.Create(Infinity - 1)) & Vector256.Create(Rebias);
        return (m | ((h & Vector256.Create(0x8000)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source)
    {
        Vector128<int> h = Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsUInt16()).AsInt32();
        Vector128<int> m = ((h & Vector128.Create(0x7fff)) << 13) + Vector128.Create(Rebias);
        Vector128<int> sub = ((m + Vector128.Create(1 << 23)).AsSingle() - Vector128.Create(MinNormal).AsSingle()).AsInt32();
        m = Vector128.ConditionalSelect(Vector128.LessThan(m, Vector128.Create(MinNormal)), sub, m);
        m += Vector128.GreaterThan(m, Vector128.Create(Infinity - 1)) & Vector128.Create(Rebias);
        return (m | ((h & Vector128.Create(0x8000)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* source) => (float)Unsafe.ReadUnaligned<Half>(source);
}
