using System.Text;

namespace RwkvX.AI.Prompts;

/// <summary>Text of a document: blank lines stay, and a line that would then open a turn is indented.</summary>
internal static class DocumentText
{
    private const int IndentWidth = 4; // as Markdown sets quoted text off
    private static readonly string[] Labels = ["User", "Assistant", "System", "Document", "Tool"];

    /// <summary>
    /// Makes <c>\r\n</c> and <c>\r</c> into <c>\n</c>, drops blank lines at the start and white space at the end, and indents lines that
    /// begin with a label and a colon, at the start of the text or after a blank line.
    /// </summary>
    public static string Clean(string text)
    {
        if (text.Contains('\r'))
            text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        ReadOnlySpan<char> rest = text.AsSpan().TrimEnd();
        while (FirstLine(rest) is var first && first < rest.Length && IsBlank(rest[..first])) rest = rest[(first + 1)..];

        StringBuilder? clean = null;
        int copied = 0;
        bool afterBlank = true;
        for (int start = 0; start < rest.Length;)
        {
            ReadOnlySpan<char> line = rest.Slice(start, FirstLine(rest[start..]));
            if (afterBlank && OpensTurn(line))
            {
                clean ??= new StringBuilder(rest.Length + 256);
                clean.Append(rest[copied..start]).Append(' ', IndentWidth);
                copied = start;
            }

            afterBlank = IsBlank(line);
            start += line.Length + 1;
        }

        if (clean is not null) return clean.Append(rest[copied..]).ToString();
        return rest.Length == text.Length ? text : rest.ToString();
    }

    /// <summary>Length of the first line.</summary>
    private static int FirstLine(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAny(LineBreaks.All);
        return end < 0 ? text.Length : end;
    }

    private static bool IsBlank(ReadOnlySpan<char> line)
    {
        foreach (char c in line)
        {
            if (!LineBreaks.IsFiller(c)) return false;
        }

        return true;
    }

    /// <summary>Whether the first thing to be seen in a line is a label with its colon, less than an indent away from the margin.</summary>
    private static bool OpensTurn(ReadOnlySpan<char> line)
    {
        int columns = 0;
        while (!line.IsEmpty && LineBreaks.IsFiller(line[0]))
        {
            columns += line[0] switch { ' ' => 1, '\t' => IndentWidth, _ => 0 };
            line = line[1..];
        }

        if (columns >= IndentWidth) return false;
        foreach (string label in Labels)
        {
            if (!line.StartsWith(label, StringComparison.OrdinalIgnoreCase)) continue;
            ReadOnlySpan<char> after = line[label.Length..];
            while (!after.IsEmpty && LineBreaks.IsFiller(after[0])) after = after[1..];
            return !after.IsEmpty && after[0] is ':' or '\uff1a'; // the full-width colon looks the same
        }

        return false;
    }
}
