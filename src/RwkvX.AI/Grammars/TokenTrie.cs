namespace RwkvX.AI.Grammars;

/// <summary>
/// Tokens by their bytes, as a tree in preorder: a walk is one loop over the arrays, and skipping a subtree is one assignment.
/// Node 0 is the root; its subtree is everything.
/// </summary>
internal sealed class TokenTrie
{
    private readonly byte[] _labels;
    private readonly short[] _depths;
    private readonly int[] _ends;
    private readonly int[] _tokenStarts; // (nodes + 1): where a node's tokens lie in _tokens
    private readonly int[] _tokens;

    /// <summary>Entries need not be sorted nor unique; empty ones belong to the root.</summary>
    public TokenTrie(IEnumerable<(ReadOnlyMemory<byte> Bytes, int Token)> entries)
    {
        (ReadOnlyMemory<byte> Bytes, int Token)[] sorted = [.. entries];
        if (!IsSorted(sorted)) Array.Sort(sorted, (x, y) => Compare(x, y));
        List<byte> labels = [0];
        List<short> depths = [0];
        List<int> starts = [0];
        ReadOnlySpan<byte> previous = [];
        for (int i = 0; i < sorted.Length; i++)
        {
            ReadOnlySpan<byte> bytes = sorted[i].Bytes.Span;
            for (int at = previous.CommonPrefixLength(bytes); at < bytes.Length; at++)
            {
                labels.Add(bytes[at]);
                depths.Add((short)(at + 1));
                starts.Add(i);
            }

            previous = bytes;
            MaxLength = Math.Max(MaxLength, bytes.Length);
        }

        starts.Add(sorted.Length);
        (_labels, _depths, _tokenStarts) = ([.. labels], [.. depths], [.. starts]);
        _tokens = Array.ConvertAll(sorted, entry => entry.Token);
        _ends = SubtreeEnds(_depths);
    }

    /// <summary>Nodes, the root included.</summary>
    public int Count => _labels.Length;

    /// <summary>Bytes of the longest entry.</summary>
    public int MaxLength { get; }

    /// <summary>The byte that leads to a node from its parent.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    public ReadOnlySpan<short> Depths => _depths;

    /// <summary>The first node after a node's subtree.</summary>
    public ReadOnlySpan<int> Ends => _ends;

    /// <summary>The tokens whose bytes end at a node.</summary>
    public ReadOnlySpan<int> TokensAt(int node) => _tokens.AsSpan(_tokenStarts[node].._tokenStarts[node + 1]);

    /// <summary>The tokens whose bytes pass or end at a node.</summary>
    public ReadOnlySpan<int> TokensUnder(int node) => _tokens.AsSpan(_tokenStarts[node].._tokenStarts[_ends[node]]);

    /// <summary>The child over a byte, or -1.</summary>
    public int Child(int node, byte label)
    {
        for (int child = node + 1; child < _ends[node]; child = _ends[child])
        {
            if (_labels[child] == label) return child;
        }

        return -1;
    }

    /// <summary>The node that a sequence of bytes leads to, or -1.</summary>
    public int Find(ReadOnlySpan<byte> bytes)
    {
        int node = 0;
        for (int i = 0; i < bytes.Length && node >= 0; i++) node = Child(node, bytes[i]);
        return node;
    }

    private static bool IsSorted((ReadOnlyMemory<byte> Bytes, int Token)[] entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            if (Compare(entries[i - 1], entries[i]) > 0) return false;
        }

        return true;
    }

    private static int Compare((ReadOnlyMemory<byte> Bytes, int Token) x, (ReadOnlyMemory<byte> Bytes, int Token) y)
    {
        int order = x.Bytes.Span.SequenceCompareTo(y.Bytes.Span);
        return order == 0 ? x.Token.CompareTo(y.Token) : order;
    }

    private static int[] SubtreeEnds(short[] depths)
    {
        var ends = new int[depths.Length];
        Stack<int> open = [];
        for (int node = 0; node < depths.Length; node++)
        {
            while (open.TryPeek(out int last) && depths[last] >= depths[node]) ends[open.Pop()] = node;
            open.Push(node);
        }

        foreach (int node in open) ends[node] = depths.Length;
        return ends;
    }
}
