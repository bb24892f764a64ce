using RwkvX.AI.Grammars.Masks;

namespace RwkvX.AI.Grammars;

/// <summary>
/// Which tokens of a vocabulary complete a mark in free text, by how much of the mark the text ends with: one automaton after Knuth, Morris
/// and Pratt, led through the trie of tokens. Thread-safe; keep it with the vocabulary.
/// </summary>
internal sealed class MarkMasks
{
    private readonly TokenVocabulary _vocabulary;
    private readonly byte[] _mark;
    private readonly int[] _failure; // for each prefix the length of its longest border
    private readonly Lazy<Step>[] _steps;

    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="mark">The mark's bytes, at least one.</param>
    public MarkMasks(TokenVocabulary vocabulary, byte[] mark)
    {
        ArgumentOutOfRangeException.ThrowIfZero(mark.Length);
        _vocabulary = vocabulary;
        _mark = mark;
        _failure = new int[mark.Length];
        for (int i = 1, n = 0; i < mark.Length; i++)
        {
            while (n > 0 && mark[n] != mark[i]) n = _failure[n - 1];
            _failure[i] = n = mark[n] == mark[i] ? n + 1 : 0;
        }

        _steps = [.. Enumerable.Range(0, mark.Length).Select(written => new Lazy<Step>(() => Walk(written)))];
    }

    /// <summary>The mark's bytes.</summary>
    public ReadOnlyMemory<byte> Mark => _mark;

    /// <summary>Tokens by what they do to the mark.</summary>
    /// <param name="Completing">End with the mark's last byte.</param>
    /// <param name="Overrunning">Hold the mark's last byte and go on after it.</param>
    public sealed record Step(TokenSet Completing, TokenSet Overrunning);

    /// <summary>The tokens after a text that ends with so many bytes of the mark, and with no more.</summary>
    public Step Of(int written) => _steps[written].Value;

    /// <summary>The bytes of the mark that the text ends with after a token; all of them: it is complete.</summary>
    public int After(int written, int token)
    {
        foreach (byte value in _vocabulary.Bytes(token))
        {
            written = Advance(written, value);
            if (written == _mark.Length) return written;
        }

        return written;
    }

    private int Advance(int written, byte value)
    {
        while (written > 0 && _mark[written] != value) written = _failure[written - 1];
        return _mark[written] == value ? written + 1 : 0;
    }

    private Step Walk(int written)
    {
        TokenTrie trie = _vocabulary.Trie;
        List<int> completing = [], overrunning = [];
        var path = new int[trie.MaxLength + 1];
        path[0] = written;
        for (int node = 1; node < trie.Count;)
        {
            int depth = trie.Depths[node];
            path[depth] = Advance(path[depth - 1], trie.Labels[node]);
            if (path[depth] < _mark.Length)
            {
                node++;
                continue;
            }

            ReadOnlySpan<int> here = trie.TokensAt(node);
            completing.AddRange(here);
            overrunning.AddRange(trie.TokensUnder(node)[here.Length..]); // a node's own tokens come first
            node = trie.Ends[node];
        }

        return new Step(new TokenSet(completing, _vocabulary.MaskWords), new TokenSet(overrunning, _vocabulary.MaskWords));
    }
}
