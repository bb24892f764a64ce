using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>4 floats in a vector of 128 bits.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Splat(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 x, Lanes128 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 x, Lanes128 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 x, Lanes128 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 x, Lanes128 y) => new(x._value / y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 x, Lanes128 y, Lanes128 z) => new(Vector128.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 x, Lanes128 y) => new(Vector128.MaxNative(x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Exp(Lanes128 x)
    {
        // The bound stands first: where x is NaN, the hardware's min and max give the second operand.
        Vector128<float> v = Vector128.MaxNative(Vector128.Create(ExpConstants.Lowest), Vector128.MinNative(Vector128.Create(ExpConstants.Highest), x._value));
        Vector128<float> shifted = Vector128.MultiplyAddEstimate(v, Vector128.Create(ExpConstants.Log2E), Vector128.Create(ExpConstants.Rounder));
        Vector128<float> n = shifted - Vector128.Create(ExpConstants.Rounder);
        Vector128<float> r = Vector128.MultiplyAddEstimate(n, Vector128.Create(-ExpConstants.Ln2High), v);
        r = Vector128.MultiplyAddEstimate(n, Vector128.Create(-ExpConstants.Ln2Low), r);
        Vector128<float> p = Vector128.MultiplyAddEstimate(Vector128.Create(ExpConstants.C7), r, Vector128.Create(ExpConstants.C6));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(ExpConstants.C5));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(ExpConstants.C4));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(ExpConstants.C3));
        p = Vector128.MultiplyAddEstimate(p, r, Vector128.Create(ExpConstants.C2));
        p = Vector128.MultiplyAddEstimate(p, r * r, r) + Vector128<float>.One;
        return new((p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 KeepFirst(Lanes128 x, int count, float other) => new(Vector128.ConditionalSelect(
        Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle(), x._value, Vector128.Create(other)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => Vector128.Store(_value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector128.Sum(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest()
    {
        Vector128<float> pairs = Vector128.MaxNative(_value, Vector128.Shuffle(_value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Above(float bound) => Vector128.GreaterThan(_value, Vector128.Create(bound)).ExtractMostSignificantBits();
}
