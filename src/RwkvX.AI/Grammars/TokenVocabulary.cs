using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Grammars;

/// <summary>
/// A vocabulary as byte strings by token id, ready for masks: any tokenizer can be brought to this form.
/// Build it once a model; immutable and thread-safe.
/// </summary>
internal sealed class TokenVocabulary
{
    private readonly int[] _singleBytes = new int[256];
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _bytes;

    /// <param name="bytes">What each id stands for. Empty entries (special tokens, holes) are never allowed in a text.</param>
    /// <param name="endOfText">Ids that end a text; allowed where the grammar is complete.</param>
    public TokenVocabulary(IReadOnlyList<ReadOnlyMemory<byte>> bytes, params IReadOnlyList<int> endOfText)
        : this(bytes, Enumerable.Range(0, bytes.Count), endOfText)
    {
    }

    /// <param name="bytes">As above.</param>
    /// <param name="order">All ids that stand for something; quicker if by their bytes.</param>
    /// <param name="endOfText">As above.</param>
    private TokenVocabulary(IReadOnlyList<ReadOnlyMemory<byte>> bytes, IEnumerable<int> order, IReadOnlyList<int> endOfText)
    {
        _bytes = bytes;
        EndOfText = endOfText;
        HashSet<int> special = [.. endOfText];
        Trie = new TokenTrie(order.Where(id => bytes[id].Length > 0 && !special.Contains(id)).Select(id => (bytes[id], id)));
        Array.Fill(_singleBytes, -1);
        for (int child = 1; child < Trie.Count; child = Trie.Ends[child])
        {
            if (Trie.TokensAt(child) is [int token, ..]) _singleBytes[Trie.Labels[child]] = token;
        }
    }

    /// <summary>The vocabulary of a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="count">V, the rows of the model's head: ids that the tokenizer does not know are holes.</param>
    /// <param name="endOfText">Ids that end a text.</param>
    public static TokenVocabulary Of(WorldTokenizer tokenizer, int count, params IReadOnlyList<int> endOfText)
    {
        var bytes = new ReadOnlyMemory<byte>[count];
        for (int id = 0; id < count; id++) bytes[id] = tokenizer.VocabularyMemory(id);
        return new TokenVocabulary(bytes, tokenizer.SortedIds().Where(id => id < count), endOfText);
    }

    /// <summary>Ids, special ones and holes included.</summary>
    public int Count => _bytes.Count;

    public TokenTrie Trie { get; }

    public IReadOnlyList<int> EndOfText { get; }

    /// <summary>The words of a mask with one bit an id.</summary>
    public int MaskWords => (Count + 63) / 64;

    public ReadOnlySpan<byte> Bytes(int token) => _bytes[token].Span;

    public ReadOnlyMemory<byte> Memory(int token) => _bytes[token];

    /// <summary>Whether a token consists of this byte alone. Where all bytes of a grammar have one, every text can be spelt and closed.</summary>
    public bool HasByte(byte value) => _singleBytes[value] >= 0;
}
