using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tokenization;

/// <summary>The World vocabulary format: one piece a line, <c>id literal length</c>.</summary>
/// <remarks>
/// The literal is a Python string (its UTF-8 is the piece) or a bytes literal; the length counts bytes.
/// Ids are 1 or more, in any order and with gaps; id 0 has no line and means end of text. Every single byte must have a piece,
/// so that any text can be encoded.
/// </remarks>
internal static class VocabularyFile
{
    /// <summary>The highest id that a file may use: keeps a hostile file from asking for a table of 2³¹ entries.</summary>
    public const int MaxId = (1 << 20) - 1;

    /// <summary>The longest piece that a file may have, in bytes; the published vocabulary's longest has 128.</summary>
    public const int MaxPieceLength = 1024;

    /// <summary>Reads a whole file.</summary>
    /// <param name="file">The file's content.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="CheckpointException">A line is malformed or an id occurs twice.</exception>
    public static PieceTable Read(ReadOnlySpan<byte> file, string name)
    {
        if (file.StartsWith(Encoding.UTF8.Preamble)) file = file[3..];
        ArrayBufferWriter<byte> bytes = new(Math.Max(256, file.Length / 2));
        List<int> starts = [0], lengths = [0];
        for (int line = 1; !file.IsEmpty; line++)
        {
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> text = (end < 0 ? file : file[..end]).TrimEnd((byte)'\r');
            file = end < 0 ? default : file[(end + 1)..];
            if (!text.IsEmpty) ReadLine(text, name, line, bytes, starts, lengths);
        }

        PieceTable table = new(bytes.WrittenSpan.ToArray(), [.. starts], [.. lengths]);
        return table;
    }

    private static void ReadLine(
        ReadOnlySpan<byte> text, string name, int line, ArrayBufferWriter<byte> bytes, List<int> starts, List<int> lengths)
    {
        int first = text.IndexOf((byte)' '), last = text.LastIndexOf((byte)' ');
        if (first < 1 || last <= first + 1) ThrowLine(name, line, "id, literal and length with spaces between", text);
        if (!Utf8.IsValid(text)) ThrowLine(name, line, "valid UTF-8", text);
        if (!TryParse(text[..first], out int id) || id is < 1 or > MaxId) ThrowLine(name, line, $"an id from 1 to {MaxId}", text[..first]);
        if (!TryParse(text[(last + 1)..], out int length)) ThrowLine(name, line, "a length in bytes", text[(last + 1)..]);

        int start = bytes.WrittenCount;
        string? problem = PythonLiteral.Read(text[(first + 1)..last], bytes);
        if (problem is not null) ThrowLine(name, line, problem, text[(first + 1)..last]);
        int found = bytes.WrittenCount - start;
        if (found is 0 or > MaxPieceLength)
            throw new CheckpointException(name, $"line {line}", $"a piece of 1 to {MaxPieceLength} bytes", $"{found} bytes");
        if (found != length) throw new CheckpointException(name, $"line {line}", $"{length} bytes", $"{found} bytes");

        while (lengths.Count <= id)
        {
            starts.Add(0);
            lengths.Add(0);
        }

        if (lengths[id] != 0) throw new CheckpointException(name, $"line {line}", "an id of its own", $"id {id} a second time");
        starts[id] = start;
        lengths[id] = length;
    }

    /// <summary>Checks that no two ids share a piece and that any byte can be encoded.</summary>
    /// <param name="table">The pieces.</param>
    /// <param name="ids">Their ids, ordered by the pieces' bytes.</param>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="CheckpointException">A piece occurs twice, or a single byte has none.</exception>
    public static void Check(PieceTable table, int[] ids, string name)
    {
        for (int i = 1; i < ids.Length; i++)
        {
            (int first, int second) = (Math.Min(ids[i], ids[i - 1]), Math.Max(ids[i], ids[i - 1]));
            if (table[first].SequenceEqual(table[second]))
                throw new CheckpointException(name, $"id {second}", "a piece of its own", $"the piece of id {first}");
        }

        Span<bool> single = stackalloc bool[256];
        single.Clear();
        foreach (int id in ids)
        {
            if (table[id].Length == 1) single[table[id][0]] = true;
        }

        int missing = single.IndexOf(false);
        if (missing >= 0) throw new CheckpointException(name, $"byte 0x{missing:x2}", "a piece of this byte alone", "none");
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out int used) && used == digits.Length && value >= 0;

    [DoesNotReturn]
    private static void ThrowLine(string name, int line, string expected, ReadOnlySpan<byte> found)
    {
        const int shown = 60;
        string text = Encoding.UTF8.GetString(found[..Math.Min(shown, found.Length)]);
        throw new CheckpointException(name, $"line {line}", expected, found.Length > shown ? text + "…" : text);
    }
}
