using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>8 floats in a vector of 256 bits.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Splat(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 x, Lanes256 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 x, Lanes256 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 x, Lanes256 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 x, Lanes256 y) => new(x._value / y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 x, Lanes256 y, Lanes256 z) => new(Vector256.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 x, Lanes256 y) => new(Vector256.MaxNative(x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Exp(Lanes256 x)
    {
        // The bound stands first: where x is NaN, the hardware's min and max give the second operand.
        Vector256<float> v = Vector256.MaxNative(Vector256.Create(ExpConstants.Lowest), Vector256.MinNative(Vector256.Create(ExpConstants.Highest), x._value));
        Vector256<float> shifted = Vector256.MultiplyAddEstimate(v, Vector256.Create(ExpConstants.Log2E), Vector256.Create(ExpConstants.Rounder));
        Vector256<float> n = shifted - Vector256.Create(ExpConstants.Rounder);
        Vector256<float> r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-ExpConstants.Ln2High), v);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-ExpConstants.Ln2Low), r);
        Vector256<float> p = Vector256.MultiplyAddEstimate(Vector256.Create(ExpConstants.C7), r, Vector256.Create(ExpConstants.C6));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(ExpConstants.C5));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(ExpConstants.C4));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(ExpConstants.C3));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(ExpConstants.C2));
        p = Vector256.MultiplyAddEstimate(p, r * r, r) + Vector256<float>.One;
        return new((p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 KeepFirst(Lanes256 x, int count, float other) => new(Vector256.ConditionalSelect(
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle(), x._value, Vector256.Create(other)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => Vector256.Store(_value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector256.Sum(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => new Lanes128(Vector128.MaxNative(_value.GetLower(), _value.GetUpper())).Largest();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Above(float bound) => Vector256.GreaterThan(_value, Vector256.Create(bound)).ExtractMostSignificantBits();
}
