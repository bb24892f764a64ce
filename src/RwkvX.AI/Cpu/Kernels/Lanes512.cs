using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>16 floats in a vector of 512 bits.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Splat(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 x, Lanes512 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 x, Lanes512 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 x, Lanes512 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 x, Lanes512 y) => new(x._value / y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 x, Lanes512 y, Lanes512 z) => new(Vector512.MultiplyAddEstimate(x._value, y._value, z._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 x, Lanes512 y) => new(Vector512.MaxNative(x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Exp(Lanes512 x)
    {
        // The bound stands first: where x is NaN, the hardware's min and max give the second operand.
        Vector512<float> v = Vector512.MaxNative(Vector512.Create(ExpConstants.Lowest), Vector512.MinNative(Vector512.Create(ExpConstants.Highest), x._value));
        Vector512<float> shifted = Vector512.MultiplyAddEstimate(v, Vector512.Create(ExpConstants.Log2E), Vector512.Create(ExpConstants.Rounder));
        Vector512<float> n = shifted - Vector512.Create(ExpConstants.Rounder);
        Vector512<float> r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-ExpConstants.Ln2High), v);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-ExpConstants.Ln2Low), r);
        Vector512<float> p = Vector512.MultiplyAddEstimate(Vector512.Create(ExpConstants.C7), r, Vector512.Create(ExpConstants.C6));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(ExpConstants.C5));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(ExpConstants.C4));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(ExpConstants.C3));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(ExpConstants.C2));
        p = Vector512.MultiplyAddEstimate(p, r * r, r) + Vector512<float>.One;
        return new((p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 KeepFirst(Lanes512 x, int count, float other) => new(Vector512.ConditionalSelect(
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle(), x._value, Vector512.Create(other)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => Vector512.Store(_value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Vector512.Sum(_value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => new Lanes256(Vector256.MaxNative(_value.GetLower(), _value.GetUpper())).Largest();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Above(float bound) => (uint)Vector512.GreaterThan(_value, Vector512.Create(bound)).ExtractMostSignificantBits();
}
