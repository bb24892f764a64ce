using System.Buffers;

namespace RwkvX.AI.Prompts;

/// <summary>Finds the question at the end of a long text.</summary>
internal static class QuestionSplit
{
    private const int MaxQuestionLength = 400;
    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".!?\u3002\uff01\uff1f\u061f");

    /// <summary>Where the closing question begins: the last line, or the last sentence of a long last line.</summary>
    /// <param name="text">The text.</param>
    /// <param name="minLength">UTF-16 units that must precede the question.</param>
    /// <returns>The index of the question's first character, or 0 if the text is too short or does not end in a question.</returns>
    public static int Find(ReadOnlySpan<char> text, int minLength)
    {
        text = text.TrimEnd();
        if (text.IsEmpty || text[^1] is not ('?' or '\uff1f' or '\u061f')) return 0;
        int start = text.LastIndexOfAny(LineBreaks.All) + 1;
        if (text.Length - start > MaxQuestionLength || start == 0) start = LastSentence(text);
        bool fits = start >= Math.Max(1, minLength) && text.Length - start <= MaxQuestionLength;
        return fits ? start : 0;
    }

    private static int LastSentence(ReadOnlySpan<char> text)
    {
        for (int end = text.Length - 1; (end = text[..end].LastIndexOfAny(SentenceEnds)) >= 0;)
        {
            // A full stop inside a number or a name is followed by no space; the marks of other scripts need none.
            if (text[end] > '\u0600' || char.IsWhiteSpace(text[end + 1])) return end + 1;
        }

        return 0;
    }
}
