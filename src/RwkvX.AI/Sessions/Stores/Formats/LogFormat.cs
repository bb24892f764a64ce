using System.Security.Cryptography;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>A log file: magic, a header frame, then one frame a record.</summary>
/// <remarks>A record's payload is the first 16 bytes of the chain after it, then its data (encrypted, where the frame says so).</remarks>
internal static class LogFormat
{
    /// <summary>The file's first bytes: magic and header.</summary>
    public static void WriteHeader(FormatWriter target, ConversationRow row)
    {
        FormatWriter header = new();
        header.Guid(row.Id);
        header.Int64(row.Start);
        header.Bytes(row.StartChain);
        RowFormat.WriteBinding(header, row.Binding);
        target.Bytes(Magic.Log);
        Frame.Write(target.Buffer, RecordFormat.Header, 0, header.Written);
    }

    /// <summary>Writes one record after those of <paramref name="chain"/>; returns its entry, at an offset from the target's start.</summary>
    public static LogEntry WriteRecord(
        FormatWriter target, LogRecord record, bool last, long number, byte[] chain, LogCounts counts, Guid log, IBlobCipher? cipher)
    {
        byte kind = RecordFormat.Kind(record);
        byte flags = (byte)((last ? RecordFormat.BatchEndFlag : 0) | BlobSeal.Flag(cipher));
        ReadOnlySpan<byte> data = BlobSeal.Seal(cipher, RecordFormat.Encode(record), log, number);
        byte[] next = RecordFormat.Chain(chain, kind, flags, SHA256.HashData(data));
        int offset = target.Length;
        WriteFrame(target, kind, flags, next, data);
        return new LogEntry(offset, target.Length - offset, kind, flags, next, counts, (record as CheckpointRecord)?.Label, (record as RewindRecord)?.Target ?? -1, DropTotal.Of(record));
    }

    /// <summary>A copy of a record's frame without its data.</summary>
    public static void WriteRedacted(FormatWriter target, LogEntry entry, ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> data = frame[(Frame.HeadBytes + RecordFormat.LinkBytes)..];
        if ((entry.Flags & RecordFormat.RedactedFlag) != 0) target.Bytes(frame);
        else WriteFrame(target, entry.Kind, (byte)(entry.Flags | RecordFormat.RedactedFlag), entry.Chain, SHA256.HashData(data));
    }

    /// <summary>Reads a log until its end or the first record that does not follow from those before it.</summary>
    /// <param name="bytes">The file, or the part of it from <paramref name="fileOffset"/> on.</param>
    /// <param name="fileOffset">0, or where a record starts.</param>
    /// <param name="row">Whose log it is.</param>
    /// <param name="map">Receives the records; holds those before <paramref name="fileOffset"/> already.</param>
    /// <param name="cipher">The store's cipher.</param>
    /// <param name="where">The file's name.</param>
    /// <returns>Why reading ended before the end of the bytes; null where it did not.</returns>
    public static StoreProblem? Scan(
        ReadOnlySpan<byte> bytes, long fileOffset, ConversationRow row, LogMap map, IBlobCipher? cipher, string where)
    {
        try
        {
            int at = 0;
            if (fileOffset == 0) at = ReadHeader(bytes, row, map, where);
            while (at < bytes.Length)
            {
                Frame frame = Frame.Read(bytes, at, where);
                map.Add(ReadEntry(bytes, at, fileOffset, frame, row, map, cipher, where));
                at = frame.End;
            }

            return null;
        }
        catch (StateCorruptException e)
        {
            return e.Problem;
        }
    }

    /// <summary>A record's data, decrypted and decoded.</summary>
    public static LogRecord ReadRecord(ReadOnlySpan<byte> frameBytes, long number, Guid log, IBlobCipher? cipher, string where)
    {
        Frame frame = Frame.Read(frameBytes, 0, where);
        return Decode(frameBytes[frame.Payload], frame, number, log, cipher, where);
    }

    private static int ReadHeader(ReadOnlySpan<byte> bytes, ConversationRow row, LogMap map, string where)
    {
        Magic.Check(bytes, Magic.Log, where);
        int at = Magic.Bytes;
        FormatReader header = new(Frame.Expect(bytes, ref at, RecordFormat.Header, out _, where), where);
        Guid id = header.Guid("log id");
        if (id != row.Id) header.Throw("log id", row.Id, id);
        header.Int64(row.Start, row.Start, "first record");
        if (!header.Bytes(RecordFormat.ChainBytes, "chain").SequenceEqual(row.StartChain)) header.Throw("chain", "that of the fork", "another");
        StateBinding binding = RowFormat.ReadBinding(ref header);
        if (binding != row.Binding) header.Throw("binding", row.Binding, binding);
        header.End();
        map.Bytes = at;
        return at;
    }

    private static LogEntry ReadEntry(
        ReadOnlySpan<byte> bytes, int at, long fileOffset, Frame frame, ConversationRow row, LogMap map, IBlobCipher? cipher, string where)
    {
        ReadOnlySpan<byte> payload = bytes[frame.Payload];
        if (payload.Length < RecordFormat.LinkBytes)
            throw new StateCorruptException($"{where} at {fileOffset + at}", "record", $"at least {RecordFormat.LinkBytes} bytes", payload.Length);
        bool redacted = (frame.Flags & RecordFormat.RedactedFlag) != 0;
        ReadOnlySpan<byte> data = payload[RecordFormat.LinkBytes..];
        if (redacted && data.Length != RecordFormat.ChainBytes)
            throw new StateCorruptException($"{where} at {fileOffset + at}", "deleted record", $"{RecordFormat.ChainBytes} bytes", data.Length);

        long number = map.End;
        byte[] chain = RecordFormat.Chain(map.ChainAt(number), frame.Kind, frame.Flags, redacted ? data : SHA256.HashData(data));
        if (!payload.StartsWith(chain.AsSpan(0, RecordFormat.LinkBytes)))
            throw new StateCorruptException($"{where} at {fileOffset + at}", $"chain of record {number}", Convert.ToHexString(chain.AsSpan(0, RecordFormat.LinkBytes)), Convert.ToHexString(payload[..RecordFormat.LinkBytes]));

        LogCounts counts = map.CountsAt(number);
        string? label = null;
        long target = -1;
        DropTotal? dropped = null;
        if (!redacted)
        {
            LogRecord record = Decode(payload, frame, number, row.Id, cipher, $"{where} at {fileOffset + at}");
            label = (record as CheckpointRecord)?.Label;
            counts = counts.After(record);
            dropped = DropTotal.Of(record);
            if (record is RewindRecord rewind) target = rewind.Target;
            if (target > number) throw new StateCorruptException($"{where} at {fileOffset + at}", "rewind target", $"at most {number}", target);
        }

        return new LogEntry(fileOffset + at, frame.End - at, frame.Kind, frame.Flags, chain, counts, label, target, dropped);
    }

    private static LogRecord Decode(ReadOnlySpan<byte> payload, Frame frame, long number, Guid log, IBlobCipher? cipher, string where)
    {
        if ((frame.Flags & RecordFormat.RedactedFlag) != 0) throw new StateCorruptException(where, $"record {number}", "its data", "a deleted record");
        ReadOnlySpan<byte> data = BlobSeal.Open(cipher, frame.Flags, payload[RecordFormat.LinkBytes..], log, number, where);
        return RecordFormat.Decode(frame.Kind, data, where);
    }

    private static void WriteFrame(FormatWriter target, byte kind, byte flags, ReadOnlySpan<byte> chain, ReadOnlySpan<byte> data)
    {
        byte[] payload = new byte[RecordFormat.LinkBytes + data.Length];
        chain[..RecordFormat.LinkBytes].CopyTo(payload);
        data.CopyTo(payload.AsSpan(RecordFormat.LinkBytes));
        Frame.Write(target.Buffer, kind, flags, payload);
    }
}
