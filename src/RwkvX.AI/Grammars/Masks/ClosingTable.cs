using System.Runtime.InteropServices;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>Makes closings from their end to their start; equal ones are one object, so that each byte is weighed once.</summary>
internal sealed class ClosingTable(TokenTrie trie)
{
    private readonly TokenTrie _trie = trie;
    private readonly Dictionary<(byte, Closing), Closing> _known = [];

    public Closing Prepend(ReadOnlySpan<byte> bytes, Closing rest)
    {
        for (int i = bytes.Length - 1; i >= 0; i--) rest = Prepend(bytes[i], rest);
        return rest;
    }

    /// <summary>Fewest tokens: for every token that the bytes begin with, one more than what it leaves.</summary>
    private Closing Prepend(byte first, Closing rest)
    {
        ref Closing? known = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, (first, rest), out _);
        if (known is not null) return known;
        (int tokens, int token, Closing? afterToken) = (int.MaxValue, -1, null);
        Closing? after = rest;
        for (int node = _trie.Child(0, first); node >= 0 && after is not null; after = after.Rest)
        {
            if (_trie.TokensAt(node) is [int candidate, ..] && after.Tokens < tokens - 1)
                (tokens, token, afterToken) = (after.Tokens + 1, candidate, after);
            node = after.Rest is null ? -1 : _trie.Child(node, after.First);
        }

        return known = new Closing(first, rest, rest.Bytes + 1, tokens, token, afterToken);
    }
}
