using System.Runtime.CompilerServices;

namespace RwkvX.AI.Memory;

/// <summary>Cuts a text of any length into parts that fit in memory, at the ends of lines.</summary>
internal static class DocumentParts
{
    /// <summary>UTF-16 units of a part: some four million tokens. Shorter texts are one part.</summary>
    public const int DefaultLength = 1 << 24;

    /// <summary>Reads the parts one by one.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="length">UTF-16 units of a part at most, at least 2.</param>
    /// <param name="cancellationToken">Acts between reads.</param>
    public static async IAsyncEnumerable<string> ReadAsync(TextReader reader, int length, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        char[] buffer = [];
        int filled = 0;
        while (true)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, Math.Min(length, Math.Max(1 << 16, 2 * buffer.Length)));
            int read = await reader.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            filled += read;
            if (read > 0 && filled < length) continue;
            if (read == 0)
            {
                if (filled > 0) yield return new string(buffer, 0, filled);
                yield break;
            }

            int end = PartEnd(buffer.AsSpan(0, filled));
            yield return new string(buffer, 0, end);
            buffer.AsSpan(end, filled - end).CopyTo(buffer);
            filled -= end;
        }
    }

    /// <summary>After the last line break; where there is none, anywhere but inside a character.</summary>
    private static int PartEnd(ReadOnlySpan<char> text)
    {
        int end = text.LastIndexOf('\n') + 1;
        if (end > 0) return end;
        return char.IsHighSurrogate(text[^1]) && text.Length > 1 ? text.Length - 1 : text.Length;
    }
}
