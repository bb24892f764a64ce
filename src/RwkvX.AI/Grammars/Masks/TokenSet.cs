using System.Numerics;
using System.Numerics.Tensors;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>A set of token ids: a list where they are few, one bit an id where they are many.</summary>
internal sealed class TokenSet
{
    private readonly int[]? _ids;
    private readonly ulong[]? _words;

    public TokenSet(List<int> ids, int words)
    {
        if (ids.Count < words * 2)
        {
            _ids = [.. ids];
            return;
        }

        _words = new ulong[words];
        foreach (int id in ids) Set(_words, id);
    }

    /// <summary>The tokens of a mask, which is copied.</summary>
    public TokenSet(ReadOnlySpan<ulong> mask)
    {
        long count = TensorPrimitives.PopCount(mask);
        if (count >= mask.Length * 2)
        {
            _words = mask.ToArray();
            return;
        }

        _ids = new int[count];
        int next = 0;
        for (int word = mask.IndexOfAnyExcept(0UL); word >= 0 && word < mask.Length; word++)
        {
            for (ulong bits = mask[word]; bits != 0; bits &= bits - 1) _ids[next++] = (word * 64) + BitOperations.TrailingZeroCount(bits);
        }
    }

    public bool IsEmpty => _ids is { Length: 0 };

    public void AddTo(Span<ulong> mask)
    {
        if (_ids is not null)
        {
            foreach (int id in _ids) Set(mask, id);
            return;
        }

        TensorPrimitives.BitwiseOr(mask[.._words!.Length], _words, mask);
    }

    public void RemoveFrom(Span<ulong> mask)
    {
        if (_ids is not null)
        {
            foreach (int id in _ids) Clear(mask, id);
            return;
        }

        for (int i = 0; i < _words!.Length; i++) mask[i] &= ~_words[i];
    }

    public static void Set(Span<ulong> mask, int id) => mask[id >> 6] |= 1UL << (id & 63);

    public static void Clear(Span<ulong> mask, int id) => mask[id >> 6] &= ~(1UL << (id & 63));

    public static bool Contains(ReadOnlySpan<ulong> mask, int id) => (mask[id >> 6] >> (id & 63) & 1) != 0;
}
