namespace RwkvX.AI.Chat;

/// <summary>Finds the first stop sequence in a text that comes in parts, and holds back what may become one.</summary>
/// <remarks>
/// One Knuth-Morris-Pratt automaton a sequence: a character costs O(sequences), however the text is cut. The first sequence to be
/// complete stops the text; of several that end at the same character the one that began first. Not thread-safe: one for each answer.
/// </remarks>
internal sealed class StopSequenceMatcher
{
    private readonly string[] _sequences;
    private readonly int[][] _failure; // per sequence: for each prefix the length of its longest border
    private readonly int[] _matched; // per sequence: how long a prefix of it ends the text so far
    private string _held = "";

    /// <param name="sequences">The stop sequences, none empty.</param>
    public StopSequenceMatcher(IEnumerable<string> sequences)
    {
        _sequences = [.. sequences];
        _failure = [.. _sequences.Select(Failure)];
        _matched = new int[_sequences.Length];
    }

    /// <summary>Whether a sequence was found: the text is over.</summary>
    public bool IsMatched { get; private set; }

    /// <summary>The place of the sequence found among those given; -1 while none is.</summary>
    public int Found { get; private set; } = -1;

    /// <summary>What came after the sequence found.</summary>
    public string Rest { get; private set; } = "";

    /// <summary>Characters before the sequence found, or before what is held back.</summary>
    public int ReleasedLength { get; private set; }

    /// <summary>Characters held back, because a sequence may begin with them.</summary>
    public int HeldLength => _held.Length;

    /// <summary>Takes the next part of the text.</summary>
    /// <returns>What can no longer become part of a stop sequence.</returns>
    public string Append(string text)
    {
        if (IsMatched || text.Length == 0)
        {
            return "";
        }

        string all = _held + text;
        for (int i = _held.Length; i < all.Length; i++)
        {
            int length = Advance(all[i]);
            if (length > 0)
            {
                IsMatched = true;
                Rest = all[(i + 1)..];
                return Release(all, i + 1 - length, "");
            }
        }

        int held = _matched.Length == 0 ? 0 : _matched.Max();
        return Release(all, all.Length - held, all[(all.Length - held)..]);
    }

    /// <summary>Ends a text without a match.</summary>
    /// <param name="dropped">Of the sequences, how many from the first: a part of one of them at the end is dropped, not released.</param>
    /// <returns>The rest of the text.</returns>
    public string Finish(int dropped)
    {
        int cut = dropped == 0 ? 0 : _matched.AsSpan(0, dropped).ToArray().Max();
        return IsMatched ? "" : Release(_held, _held.Length - cut, "");
    }

    private string Release(string text, int length, string held)
    {
        ReleasedLength += length;
        _held = held;
        return text[..length];
    }

    /// <summary>Feeds one character to every automaton.</summary>
    /// <returns>The length of the longest sequence that it completes; 0 for none.</returns>
    private int Advance(char c)
    {
        int found = 0;
        for (int s = 0; s < _sequences.Length; s++)
        {
            string sequence = _sequences[s];
            int n = _matched[s];
            while (n > 0 && sequence[n] != c)
            {
                n = _failure[s][n - 1];
            }

            _matched[s] = n = sequence[n] == c ? n + 1 : 0;
            if (n == sequence.Length && n > found)
            {
                (found, Found) = (n, s);
            }
        }

        return found;
    }

    private static int[] Failure(string sequence)
    {
        ArgumentException.ThrowIfNullOrEmpty(sequence);
        int[] failure = new int[sequence.Length];
        for (int i = 1, n = 0; i < sequence.Length; i++)
        {
            while (n > 0 && sequence[n] != sequence[i])
            {
                n = failure[n - 1];
            }

            failure[i] = n = sequence[n] == sequence[i] ? n + 1 : 0;
        }

        return failure;
    }
}
