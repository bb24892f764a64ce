using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Writes little-endian fields one after another.</summary>
internal sealed class FormatWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public int Length => _buffer.WrittenCount;

    public IBufferWriter<byte> Buffer => _buffer;

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public void Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void UInt32(uint value) => Int32(unchecked((int)value));

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Guid(Guid value)
    {
        value.TryWriteBytes(_buffer.GetSpan(16));
        _buffer.Advance(16);
    }

    public void Bytes(ReadOnlySpan<byte> value) => _buffer.Write(value);

    public void Int32s(ReadOnlySpan<int> values)
    {
        if (BitConverter.IsLittleEndian) Bytes(MemoryMarshal.AsBytes(values));
        else foreach (int value in values) Int32(value);
    }

    public void Floats(ReadOnlySpan<float> values) => Int32s(MemoryMarshal.Cast<float, int>(values));

    /// <summary>A form byte (0 null, 1 UTF-8, 2 UTF-16 for texts with lone surrogates), the length in bytes, the bytes.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Byte(0);
            return;
        }

        try
        {
            byte[] utf8 = ConversationKey.Strict.GetBytes(value);
            Byte(1);
            Int32(utf8.Length);
            Bytes(utf8);
        }
        catch (System.Text.EncoderFallbackException)
        {
            Byte(2);
            Int32(2 * value.Length);
            foreach (char unit in value)
            {
                Byte((byte)unit);
                Byte((byte)(unit >> 8));
            }
        }
    }
}
