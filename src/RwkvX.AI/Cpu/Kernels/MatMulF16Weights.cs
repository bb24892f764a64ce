using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>
/// IEEE half precision. .NET exposes no vector conversion, so: widen with the sign, shift exponent and mantissa to a single's place,
/// and add the difference of the biases (112) to the exponent. Vectors with a special value take a longer way: subnormals
/// (exponent 0) get one more and lose the then implicit 2^-14 by a subtraction, which is exact and needs no subnormal single;
/// infinities and NaNs (exponent 31) get 112 more.
/// </summary>
internal readonly unsafe struct MatMulF16Weights : IMatMulWeights
{
    private const int SignExponentMantissa = unchecked((int)0x8fffe000); // after the shift, without the sign's copies
    private const int OneExponent = 1 << 23;
    private const int Rebias = 112 << 23;
    private const int SpecialExponents = 0x1e << 23; // all zero in (exponent + 1) only for exponents 0 and 31
    private const int MinNormal = 113 << 23;         // 2^-14 as a single, and the smallest rebiased normal
    private const int Infinity = 143 << 23;          // the rebiased exponent 31

    public static int Size => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(byte* source)
    {
        Vector512<int> h = (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 13) & Vector512.Create(SignExponentMantissa);
        Vector512<int> value = h + Vector512.Create(Rebias);
        if (Vector512.EqualsAny((h + Vector512.Create(OneExponent)) & Vector512.Create(SpecialExponents), Vector512<int>.Zero))
        {
            Vector512<int> magnitude = value & Vector512.Create(int.MaxValue);
            Vector512<int> sub = ((magnitude + Vector512.Create(OneExponent)).AsSingle() - Vector512.Create(MinNormal).AsSingle()).AsInt32();
            magnitude = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(MinNormal)), sub, magnitude);
            magnitude += Vector512.GreaterThan(magnitude, Vector512.Create(Infinity - 1)) & Vector512.Create(Rebias);
            value = magnitude | (h & Vector512.Create(int.MinValue));
        }

        return value.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(byte* source)
    {
        Vector256<int> h = (Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << 13) & Vector256.Create(SignExponentMantissa);
        Vector256<int> value = h + Vector256.Create(Rebias);
        if (Vector256.EqualsAny((h + Vector256.Create(OneExponent)) & Vector256.Create(SpecialExponents), Vector256<int>.Zero))
        {
            Vector256<int> magnitude = value & Vector256.Create(int.MaxValue);
            Vector256<int> sub = ((magnitude + Vector256.Create(OneExponent)).AsSingle() - Vector256.Create(MinNormal).AsSingle()).AsInt32();
            magnitude = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(MinNormal)), sub, magnitude);
            magnitude += Vector256.GreaterThan(magnitude, Vector256.Create(Infinity - 1)) & Vector256.Create(Rebias);
            value = magnitude | (h & Vector256.Create(int.MinValue));
        }

        return value.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(byte* source)
    {
        Vector128<int> h = (Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(source)).AsInt16()) << 13) & Vector128.Create(SignExponentMantissa);
        Vector128<int> value = h + Vector128.Create(Rebias);
        if (Vector128.EqualsAny((h + Vector128.Create(OneExponent)) & Vector128.Create(SpecialExponents), Vector128<int>.Zero))
        {
            Vector128<int> magnitude = value & Vector128.Create(int.MaxValue);
            Vector128<int> sub = ((magnitude + Vector128.Create(OneExponent)).AsSingle() - Vector128.Create(MinNormal).AsSingle()).AsInt32();
            magnitude = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(MinNormal)), sub, magnitude);
            magnitude += Vector128.GreaterThan(magnitude, Vector128.Create(Infinity - 1)) & Vector128.Create(Rebias);
            value = magnitude | (h & Vector128.Create(int.MinValue));
        }

        return value.AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* source) => (float)Unsafe.ReadUnaligned<Half>(source);
}
