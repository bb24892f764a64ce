using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RwkvX.AI.Checkpoints;

/// <summary>Elements of a file to single precision and back. Sources and destinations may be unaligned.</summary>
internal static class ElementConversion
{
    /// <summary>Widens any type but I8.</summary>
    /// <param name="source">(n) elements of <paramref name="type"/>, little-endian.</param>
    /// <param name="type">The source's type.</param>
    /// <param name="destination">(n)</param>
    public static void Widen(ReadOnlySpan<byte> source, TensorType type, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TensorType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case TensorType.BF16:
                WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case TensorType.I32:
                TensorPrimitives.ConvertChecked(MemoryMarshal.Cast<byte, int>(source), destination);
                break;
            case TensorType.I64:
                TensorPrimitives.ConvertChecked(MemoryMarshal.Cast<byte, long>(source), destination);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "cannot be widened alone");
        }
    }

    /// <summary>Narrows to F32, BF16 or F16, to the nearest value, ties to even.</summary>
    /// <param name="source">(n)</param>
    /// <param name="type">The destination's type.</param>
    /// <param name="destination">(n) elements of <paramref name="type"/>, little-endian.</param>
    public static void Narrow(ReadOnlySpan<float> source, TensorType type, Span<byte> destination)
    {
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case TensorType.F16:
                TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
                break;
            case TensorType.BF16:
                NarrowBFloat16(source, MemoryMarshal.Cast<byte, ushort>(destination));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a floating-point type");
        }
    }

    /// <summary>Widens 8-bit integers and multiplies them by a scale.</summary>
    public static void WidenInt8(ReadOnlySpan<byte> source, float scale, Span<float> destination)
    {
        ReadOnlySpan<sbyte> integers = MemoryMarshal.Cast<byte, sbyte>(source);
        int i = 0;
        for (; i <= integers.Length - Vector128<sbyte>.Count; i += Vector128<sbyte>.Count)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Create(integers.Slice(i, 16)));
            (Vector128<int> a, Vector128<int> b) = Vector128.Widen(low);
            (Vector128<int> c, Vector128<int> d) = Vector128.Widen(high);
            (Vector128.ConvertToSingle(a) * scale).CopyTo(destination[i..]);
            (Vector128.ConvertToSingle(b) * scale).CopyTo(destination[(i + 4)..]);
            (Vector128.ConvertToSingle(c) * scale).CopyTo(destination[(i + 8)..]);
            (Vector128.ConvertToSingle(d) * scale).CopyTo(destination[(i + 12)..]);
        }
        for (; i < integers.Length; i++)
            destination[i] = integers[i] * scale;
    }

    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(source.Slice(i, 16)));
            (low << 16).AsSingle().CopyTo(destination[i..]);
            (high << 16).AsSingle().CopyTo(destination[(i + 8)..]);
        }
        for (; i < source.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    private static void NarrowBFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(source[i]);
            uint rounded = bits + 0x7FFF + (bits >> 16 & 1); // half of the last place that stays, a tie to even
            destination[i] = (ushort)((float.IsNaN(source[i]) ? bits | 0x40_0000 : rounded) >> 16);
        }
    }
}
