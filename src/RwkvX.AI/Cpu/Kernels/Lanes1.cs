using System.Runtime.CompilerServices;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>A single float: the form for machines without vectors.</summary>
internal readonly unsafe struct Lanes1(float value) : ILanes<Lanes1>
{
    private readonly float _value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Splat(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator +(Lanes1 x, Lanes1 y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator -(Lanes1 x, Lanes1 y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator *(Lanes1 x, Lanes1 y) => new(x._value * y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator /(Lanes1 x, Lanes1 y) => new(x._value / y._value);

    // Two roundings: a fused product without the instruction is a call of a hundred cycles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 MultiplyAdd(Lanes1 x, Lanes1 y, Lanes1 z) => new((x._value * y._value) + z._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Max(Lanes1 x, Lanes1 y) => new(x._value > y._value ? x._value : y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Exp(Lanes1 x) => new(MathF.Exp(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 KeepFirst(Lanes1 x, int count, float other) => count > 0 ? x : new(other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => *destination = _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Above(float bound) => _value > bound ? 1u : 0;
}
