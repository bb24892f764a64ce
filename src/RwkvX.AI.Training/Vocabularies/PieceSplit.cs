namespace RwkvX.AI.Training.Vocabularies;

/// <summary>Cuts text where no token may reach across.</summary>
/// <remarks>
/// A run is: letters with one space before them; one digit; equal punctuation with one space before it; spaces; line breaks. So a digit is always a token
/// of its own, and none crosses <c>\n\nUser:</c> or <c>Assistant:</c>: the colon, the line breaks and the words around them are runs of their own.
/// A space goes with the word behind it, so a prompt that ends with <c>Assistant:</c> continues as it was trained.
/// </remarks>
internal static class PieceSplit
{
    /// <summary>The length in bytes of the run at the start.</summary>
    /// <param name="text">UTF-8, not empty.</param>
    public static int RunLength(ReadOnlySpan<byte> text)
    {
        byte first = text[0];
        if (first == '\n') return Count(text, 0, '\n');
        int start = first == ' ' ? 1 : 0;
        if (start == text.Length || text[start] is (byte)' ' or (byte)'\n') return SpaceLength(text);
        if (IsDigit(text[start])) return 1; // the space alone, or the digit alone
        if (!IsLetter(text[start])) return Count(text, start, text[start]);
        int end = start + 1;
        while (end < text.Length && IsLetter(text[end])) end++;
        return end;
    }

    private static int SpaceLength(ReadOnlySpan<byte> text)
    {
        int spaces = text.IndexOfAnyExcept((byte)' ');
        if (spaces < 0) return text.Length;
        bool joinsWord = text[spaces] != '\n' && spaces > 1; // the last space belongs to the word behind it
        return joinsWord ? spaces - 1 : spaces;
    }

    private static int Count(ReadOnlySpan<byte> text, int start, int value)
    {
        int end = start + 1;
        while (end < text.Length && text[end] == value) end++;
        return end;
    }

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    /// <summary>ASCII letters, and every byte of other characters.</summary>
    private static bool IsLetter(byte b) => b >= 0x80 || char.IsAsciiLetter((char)b);
}
