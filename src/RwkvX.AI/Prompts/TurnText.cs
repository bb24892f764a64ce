using System.Text;

namespace RwkvX.AI.Prompts;

/// <summary>Text of a turn: a blank line would end it, so runs of line breaks become one.</summary>
internal static class TurnText
{
    /// <summary>Trims a text and turns every run of line breaks, with whatever invisible lies between them, into one <c>\n</c>.</summary>
    public static string Clean(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.IndexOfAny(LineBreaks.All) < 0) return rest.Length == text.Length ? text : rest.ToString();

        StringBuilder clean = new(rest.Length);
        while (!rest.IsEmpty)
        {
            int line = rest.IndexOfAny(LineBreaks.All);
            if (line < 0) line = rest.Length;
            clean.Append(rest[..line]);
            rest = rest[line..];
            if (rest.IsEmpty) break;
            clean.Append('\n');
            rest = rest[RunLength(rest)..];
        }

        return clean.ToString();
    }

    /// <summary>Length of the run at the start of a text, up to its last line break: the next line keeps its indentation.</summary>
    private static int RunLength(ReadOnlySpan<char> text)
    {
        int length = 1;
        for (int i = 1; i < text.Length && (LineBreaks.Is(text[i]) || LineBreaks.IsFiller(text[i])); i++)
        {
            if (LineBreaks.Is(text[i])) length = i + 1;
        }

        return length;
    }
}
