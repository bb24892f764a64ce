using System.Buffers;
using System.Buffers.Binary;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The one unit of all files of a store: a 16-byte head and a payload.</summary>
/// <remarks>
/// Head: mark "RXF1" (so that a reader can find the next frame after a damaged one), kind u8, flags u8, 0 u16, payload length u32,
/// CRC-32C u32 of the 12 bytes before it and the payload.
/// </remarks>
/// <param name="Kind">What the payload is; its meaning depends on the file.</param>
/// <param name="Flags">Depends on the file.</param>
/// <param name="Payload">Where the payload lies.</param>
internal readonly record struct Frame(byte Kind, byte Flags, Range Payload)
{
    public const int HeadBytes = 16;

    /// <summary>Longest payload; bounds what a reader may be made to look at.</summary>
    public const int MaxPayload = 1 << 30;

    private const uint Mark = 0x31465852; // "RXF1"

    public int End => Payload.End.Value;

    public static void Write(IBufferWriter<byte> target, byte kind, byte flags, ReadOnlySpan<byte> payload)
    {
        WriteHead(target.GetSpan(HeadBytes), kind, flags, payload);
        target.Advance(HeadBytes);
        target.Write(payload);
    }

    public static void Write(Stream target, byte kind, byte flags, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        WriteHead(head, kind, flags, payload);
        target.Write(head);
        target.Write(payload);
    }

    public static void WriteHead(Span<byte> head, byte kind, byte flags, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxPayload) throw new StateStoreException($"frame: expected at most {MaxPayload} bytes, found {payload.Length}");
        BinaryPrimitives.WriteUInt32LittleEndian(head, Mark);
        head[4] = kind;
        head[5] = flags;
        head[6] = 0;
        head[7] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], Crc32C.Compute(payload, Crc32C.Compute(head[..12])));
    }

    /// <summary>The payload's length that a head announces.</summary>
    public static int Length(ReadOnlySpan<byte> head, string where)
    {
        uint mark = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (mark != Mark) throw new StateCorruptException(where, "mark", $"{Mark:x8}", $"{mark:x8}");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head[8..]);
        if (length > MaxPayload) throw new StateCorruptException(where, "length", $"at most {MaxPayload}", length);
        return (int)length;
    }

    /// <summary>Checks a frame whose head and payload have been read apart.</summary>
    public static Frame Check(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, string where)
    {
        if (head[6] != 0 || head[7] != 0) throw new StateCorruptException(where, "reserved", 0, head[6] | (head[7] << 8));
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        uint found = Crc32C.Compute(payload, Crc32C.Compute(head[..12]));
        if (expected != found) throw new StateCorruptException(where, "checksum", $"{expected:x8}", $"{found:x8}");
        return new Frame(head[4], head[5], 0..payload.Length);
    }

    /// <summary>Reads the frame that starts at <paramref name="at"/>.</summary>
    /// <exception cref="StateCorruptException">It is cut short or damaged.</exception>
    public static Frame Read(ReadOnlySpan<byte> bytes, int at, string where)
    {
        if (bytes.Length - at < HeadBytes) throw new StateCorruptException($"{where} at {at}", "frame", $"{HeadBytes} bytes", bytes.Length - at);
        ReadOnlySpan<byte> head = bytes.Slice(at, HeadBytes);
        int length = Length(head, $"{where} at {at}");
        if (length > bytes.Length - at - HeadBytes)
            throw new StateCorruptException($"{where} at {at}", "frame", $"{length} bytes", bytes.Length - at - HeadBytes);
        int start = at + HeadBytes;
        Frame frame = Check(head, bytes.Slice(start, length), $"{where} at {at}");
        return frame with { Payload = start..(start + length) };
    }

    /// <summary>Reads the frame at <paramref name="at"/> and moves past it; it must be of one kind.</summary>
    public static ReadOnlySpan<byte> Expect(ReadOnlySpan<byte> bytes, ref int at, byte kind, out byte flags, string where)
    {
        Frame frame = Read(bytes, at, where);
        if (frame.Kind != kind) throw new StateCorruptException($"{where} at {at}", "frame kind", kind, frame.Kind);
        at = frame.End;
        flags = frame.Flags;
        return bytes[frame.Payload];
    }
}
