namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Questions for the last word of a sentence, made of texts.</summary>
public static class ClozeQuestions
{
    private const int LeastWords = 25, MostWords = 120, LeastLetters = 3;

    /// <summary>Questions spread evenly over the paragraphs of texts; the same for every model.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="count">At most so many.</param>
    /// <returns>A passage without its last word, and that word.</returns>
    public static IReadOnlyList<(string Context, string Target)> Of(IEnumerable<string> texts, int count)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        List<(string Context, string Target)> all = [.. texts.SelectMany(text => text.Split("\n")).Select(Question).OfType<(string, string)>()];
        return [.. Enumerable.Range(0, Math.Min(count, all.Count)).Select(i => all[(int)((long)i * all.Count / Math.Min(count, all.Count))])];
    }

    /// <summary>The longest run of whole sentences from the start of a paragraph, up to its last word.</summary>
    private static (string Context, string Target)? Question(string paragraph)
    {
        string[] words = paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int end = Math.Min(words.Length, MostWords); end > LeastWords; end--)
        {
            string last = words[end - 1];
            if (last.Length > LeastLetters && last[^1] == '.' && last.AsSpan(0, last.Length - 1).IndexOfAnyExceptInRange('a', 'z') < 0)
                return (string.Join(' ', words[..(end - 1)]), last[..^1]);
        }

        return null;
    }
}
