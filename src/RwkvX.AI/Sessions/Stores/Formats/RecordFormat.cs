using System.Security.Cryptography;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The bytes of log records, and the chain of hashes that binds each to all before it.</summary>
internal static class RecordFormat
{
    public const byte Header = 1;
    public const byte Tokens = 2;
    public const byte Transcript = 3;
    public const byte Checkpoint = 4;
    public const byte Rewind = 5;
    public const byte Turn = 6;
    public const byte Drop = 7;

    /// <summary>A frame's flag: the last record of an append.</summary>
    public const byte BatchEndFlag = 1;

    /// <summary>A frame's flag: the record was deleted; its hash stays, so that the chain can still be checked.</summary>
    public const byte RedactedFlag = 2;

    public const int ChainBytes = 32;

    /// <summary>How much of the chain each record carries.</summary>
    public const int LinkBytes = 16;

    public static byte Kind(LogRecord record) => record switch
    {
        TokensRecord => Tokens,
        TranscriptRecord => Transcript,
        CheckpointRecord => Checkpoint,
        RewindRecord => Rewind,
        TurnRecord => Turn,
        DropRecord => Drop,
        _ => throw new ArgumentException($"record: unknown type {record?.GetType().Name ?? "null"}", nameof(record)),
    };

    /// <summary>Refuses what a caller must not append.</summary>
    public static void Validate(LogRecord record, string parameter)
    {
        if (record is TokensRecord tokens) tokens.Validate(parameter);
        else if (record is TranscriptRecord piece) piece.Validate(parameter);
        else if (record is CheckpointRecord checkpoint) ConversationKey.ValidatePart(checkpoint.Label, "label", parameter);
        else if (record is DropRecord drop) drop.Validate(parameter);
        else if (record is null) throw new ArgumentException("record: expected one, found null", parameter);
    }

    public static byte[] Encode(LogRecord record)
    {
        FormatWriter writer = new();
        switch (record)
        {
            case TokensRecord tokens:
                WriteSpans(writer, tokens.Spans.Span);
                writer.Int32(tokens.Tokens.Length);
                writer.Int32s(tokens.Tokens.Span);
                break;
            case TranscriptRecord piece:
                writer.Byte((byte)piece.Kind);
                writer.Byte(piece.Continues ? (byte)1 : (byte)0);
                writer.Text(piece.Role);
                writer.Text(piece.Name);
                writer.Text(piece.Extra);
                writer.Text(piece.Text);
                break;
            case CheckpointRecord checkpoint:
                writer.Text(checkpoint.Label);
                break;
            case RewindRecord rewind:
                writer.Int64(rewind.Target);
                RowFormat.WriteCounts(writer, rewind.Counts);
                break;
            case DropRecord drop:
                WriteDrop(writer, drop);
                break;
        }

        return writer.ToArray();
    }

    public static LogRecord Decode(byte kind, ReadOnlySpan<byte> data, string where)
    {
        FormatReader reader = new(data, where);
        LogRecord record;
        switch (kind)
        {
            case Tokens:
                record = ReadTokens(ref reader);
                break;
            case Transcript:
                record = ReadTranscript(ref reader);
                break;
            case Checkpoint:
                record = new CheckpointRecord(reader.Text("label"));
                break;
            case Rewind:
                record = new RewindRecord(reader.Int64(0, long.MaxValue, "rewind target"), RowFormat.ReadCounts(ref reader));
                break;
            case Turn:
                record = new TurnRecord();
                break;
            case Drop:
                record = ReadDrop(ref reader);
                break;
            default:
                throw new StateCorruptException(where, "record kind", $"{Tokens} to {Drop}", kind);
        }

        reader.End();
        return record;
    }

    /// <summary>(32) the chain after a record: SHA-256 of the chain before it, its kind and flags, and the SHA-256 of its data as stored.</summary>
    public static byte[] Chain(ReadOnlySpan<byte> before, byte kind, byte flags, ReadOnlySpan<byte> dataHash)
    {
        Span<byte> link = stackalloc byte[ChainBytes + 2 + ChainBytes];
        before.CopyTo(link);
        link[ChainBytes] = kind;
        link[ChainBytes + 1] = (byte)(flags & ~RedactedFlag);
        dataHash.CopyTo(link[(ChainBytes + 2)..]);
        return SHA256.HashData(link);
    }

    /// <summary>Runs of equal spans: a prefill is one, a thousand decoded tokens are one too.</summary>
    private static void WriteSpans(FormatWriter writer, ReadOnlySpan<int> spans)
    {
        List<(int Length, int Repeat)> runs = [];
        foreach (int span in spans)
        {
            if (runs.Count > 0 && runs[^1].Length == span) runs[^1] = (span, runs[^1].Repeat + 1);
            else runs.Add((span, 1));
        }

        writer.Int32(runs.Count);
        foreach ((int length, int repeat) in runs)
        {
            writer.Int32(length);
            writer.Int32(repeat);
        }
    }

    private static TokensRecord ReadTokens(ref FormatReader reader)
    {
        int runs = reader.Count(8, "span runs");
        (int Length, int Repeat)[] read = new (int, int)[runs];
        long sum = 0, count = 0;
        for (int i = 0; i < runs; i++)
        {
            read[i] = (reader.Int32(1, int.MaxValue, "span length"), reader.Int32(1, int.MaxValue, "span repeat"));
            sum += (long)read[i].Length * read[i].Repeat;
            count += read[i].Repeat;
            if (sum > reader.Remaining) reader.Throw("sum of spans", $"at most {reader.Remaining}", sum); // also keeps the sum from overflowing
        }

        int tokenCount = reader.Count(4, "tokens");
        if (tokenCount == 0 || sum != tokenCount) reader.Throw("sum of spans", tokenCount, sum);
        int[] tokens = reader.Int32s(tokenCount, "tokens");
        foreach (int token in tokens)
            if (token < 0) reader.Throw("token", "0 and above", token);
        int[] spans = new int[count]; // count ≤ sum = tokenCount, which the file holds
        int at = 0;
        foreach ((int length, int repeat) in read)
        {
            spans.AsSpan(at, repeat).Fill(length);
            at += repeat;
        }

        return new TokensRecord(tokens, spans);
    }

    private static void WriteDrop(FormatWriter writer, DropRecord drop)
    {
        writer.Int64(drop.Bytes);
        writer.Int64(drop.Budget);
        writer.Int32(drop.Pages.Count);
        foreach (PageId page in drop.Pages)
        {
            writer.Int32(page.Layer);
            writer.Int32(page.Chunk);
        }
    }

    private static DropRecord ReadDrop(ref FormatReader reader)
    {
        long bytes = reader.Int64(0, long.MaxValue, "dropped bytes"), budget = reader.Int64(0, long.MaxValue, "budget");
        PageId[] pages = new PageId[reader.Count(8, "dropped pages")];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = new PageId(reader.Int32(0, int.MaxValue, "layer"), reader.Int32(0, int.MaxValue, "chunk"));
            if (i > 0 && !DropRecord.IsAfter(pages[i], pages[i - 1])) reader.Throw("dropped page", $"one after {pages[i - 1]}", pages[i]);
        }

        if (pages.Length == 0) reader.Throw("dropped pages", "at least one", 0);
        return new DropRecord(pages, bytes, budget);
    }

    private static TranscriptRecord ReadTranscript(ref FormatReader reader)
    {
        byte kind = reader.Byte("transcript kind");
        if (kind > (byte)TranscriptKind.Document) reader.Throw("transcript kind", "0 or 1", kind);
        byte continues = reader.Byte("continues");
        if (continues > 1) reader.Throw("continues", "0 or 1", continues);
        string role = reader.Text("role");
        string? name = reader.TextOrNull("name");
        string? extra = reader.TextOrNull("extra");
        return new TranscriptRecord((TranscriptKind)kind, role, reader.Text("text")) { Name = name, Extra = extra, Continues = continues == 1 };
    }
}
