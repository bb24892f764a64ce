using System.Buffers;
using System.Globalization;

namespace RwkvX.AI.Prompts;

/// <summary>What a reader, or a model, may take for the end of a line or for nothing at all.</summary>
internal static class LineBreaks
{
    /// <summary>Everything that Unicode (annex 14, mandatory breaks) ends a line with.</summary>
    public static readonly SearchValues<char> All = SearchValues.Create("\n\r\v\f\u0085\u2028\u2029");

    /// <summary>Whether a character ends a line.</summary>
    public static bool Is(char c) => All.Contains(c);

    /// <summary>Whether a character leaves a line looking blank: spaces, tabs, control and zero-width characters.</summary>
    public static bool IsFiller(char c) =>
        !Is(c) && (char.IsWhiteSpace(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format);
}
