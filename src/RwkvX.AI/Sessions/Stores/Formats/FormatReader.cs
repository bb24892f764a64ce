using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Reads little-endian fields one after another; every length is checked against what is there before anything is allocated.</summary>
internal ref struct FormatReader(ReadOnlySpan<byte> bytes, string where)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _where = where;

    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public byte Byte(string what) => Take(1, what)[0];

    public int Int32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what));

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public long Int64(string what) => BinaryPrimitives.ReadInt64LittleEndian(Take(8, what));

    public Guid Guid(string what) => new(Take(16, what));

    public ReadOnlySpan<byte> Bytes(int length, string what) => Take(length, what);

    /// <summary>A 32-bit number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public int Int32(int min, int max, string what)
    {
        int value = Int32(what);
        if (value < min || value > max) Throw(what, $"{min} to {max}", value);
        return value;
    }

    /// <summary>A 64-bit number from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public long Int64(long min, long max, string what)
    {
        long value = Int64(what);
        if (value < min || value > max) Throw(what, $"{min} to {max}", value);
        return value;
    }

    /// <summary>How many items follow, of at least <paramref name="itemBytes"/> bytes each.</summary>
    public int Count(int itemBytes, string what)
    {
        int count = Int32(what);
        if (count < 0 || (long)count * itemBytes > Remaining) Throw(what, $"at most {Remaining / itemBytes}", count);
        return count;
    }

    public int[] Int32s(int count, string what)
    {
        ReadOnlySpan<byte> taken = Take(checked((long)count * 4), what);
        int[] values = new int[count];
        if (BitConverter.IsLittleEndian) MemoryMarshal.Cast<byte, int>(taken).CopyTo(values);
        else for (int i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(taken[(4 * i)..]);
        return values;
    }

    public float[] Floats(int count, string what)
    {
        ReadOnlySpan<byte> taken = Take(checked((long)count * 4), what);
        float[] values = new float[count];
        if (BitConverter.IsLittleEndian) MemoryMarshal.Cast<byte, float>(taken).CopyTo(values);
        else for (int i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(taken[(4 * i)..]);
        return values;
    }

    public string? TextOrNull(string what)
    {
        byte form = Byte(what);
        if (form == 0) return null;
        if (form > 2) Throw(what, "a text form of 0 to 2", form);
        ReadOnlySpan<byte> taken = Take(Int32(what), what);
        if (form == 2)
        {
            if (taken.Length % 2 != 0) Throw(what, "an even number of bytes", taken.Length);
            return string.Create(taken.Length / 2, taken, static (text, units) =>
            {
                for (int i = 0; i < text.Length; i++) text[i] = (char)(units[2 * i] | (units[(2 * i) + 1] << 8));
            });
        }

        try { return ConversationKey.Strict.GetString(taken); }
        catch (DecoderFallbackException) { Throw(what, "UTF-8", "other bytes"); return null; }
    }

    public string Text(string what)
    {
        string? text = TextOrNull(what);
        if (text is null) Throw(what, "a text", "none");
        return text;
    }

    public readonly void End()
    {
        if (Remaining != 0) Throw("end", "no more bytes", Remaining);
    }

    [DoesNotReturn]
    public readonly void Throw(string what, object expected, object found) => throw new StateCorruptException(_where, what, expected, found);

    private ReadOnlySpan<byte> Take(long length, string what)
    {
        if (length < 0 || length > Remaining) Throw(what, $"{length} bytes at {Position}", Remaining);
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, (int)length);
        Position += (int)length;
        return taken;
    }
}
