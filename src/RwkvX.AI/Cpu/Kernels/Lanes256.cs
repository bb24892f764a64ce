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
    public static Lanes256 Exp(Lanes256 x) => new(Vector256.Exp(x._value));

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
    public bool AnyAbove(float bound) => Vector256.GreaterThanAny(_value, Vector256.Create(bound));
}
