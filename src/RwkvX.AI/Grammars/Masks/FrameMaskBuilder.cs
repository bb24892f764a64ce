using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Machine;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>Walks the whole vocabulary from a state over an unknown stack.</summary>
internal ref struct FrameMaskBuilder : TrieWalk.IVisitor
{
    private readonly TokenVocabulary _vocabulary;
    private readonly ByteSet _follow;
    private readonly List<int> _allowed = [];
    private readonly List<(ReadOnlyMemory<byte> Bytes, int Token)> _exits = [];
    private readonly List<(ReadOnlyMemory<byte> Bytes, int Token)> _uncertain = [];
    private readonly bool _hasFarBound;
    private int _cost;

    private FrameMaskBuilder(TokenVocabulary vocabulary, ByteSet follow, bool hasFarBound)
    {
        _vocabulary = vocabulary;
        _follow = follow;
        _hasFarBound = hasFarBound;
    }

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="store">Where the configurations of the walk are kept.</param>
    /// <param name="item">The state, over an unknown bottom.</param>
    /// <param name="follow">The bytes that may come after the state's rule at all.</param>
    public static FrameMask Build(TokenVocabulary vocabulary, ConfigurationStore store, Item item, ByteSet follow)
    {
        var builder = new FrameMaskBuilder(vocabulary, follow, item.MaxLeft == FrameMasks.FarBound);
        new TrieWalk(store, vocabulary.Trie).Run(store.Of(item), ref builder);
        return new FrameMask(
            new TokenSet(builder._allowed, vocabulary.MaskWords),
            builder._exits.Count == 0 ? null : new TokenTrie(builder._exits),
            builder._uncertain.Count == 0 ? null : new TokenTrie(builder._uncertain),
            builder._cost);
    }

    public bool Visit(int node, Configuration reached)
    {
        TokenTrie trie = _vocabulary.Trie;
        bool isTooLong = _hasFarBound && trie.Depths[node] > FrameMasks.UsualLength;
        if (reached.IsUncertain || isTooLong)
        {
            foreach (int token in trie.TokensUnder(node)) _uncertain.Add((_vocabulary.Memory(token), token));
        }

        if (isTooLong) return false;
        if (reached.Exits) AddExits(node, trie);
        if (reached.Items.Length > 0 || reached.Exits)
        {
            ReadOnlySpan<int> tokens = trie.TokensAt(node);
            foreach (int token in tokens) _allowed.Add(token);
            if (tokens.Length > 0) _cost = Math.Max(_cost, reached.Cost);
        }

        return reached.Items.Length > 0;
    }

    /// <summary>The tokens below a node at which the frame may end, as far as any stack could take what comes after.</summary>
    private readonly void AddExits(int node, TokenTrie trie)
    {
        int length = trie.Depths[node];
        for (int child = node + 1; child < trie.Ends[node]; child = trie.Ends[child])
        {
            if (!_follow.Contains(trie.Labels[child])) continue;
            foreach (int token in trie.TokensUnder(child)) _exits.Add((_vocabulary.Memory(token)[length..], token));
        }
    }
}
