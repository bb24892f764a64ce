using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>Ranges of code points as sequences of byte ranges.</summary>
internal static class Utf8Ranges
{
    /// <summary>One character of the set, in UTF-8; surrogates are left out, as UTF-8 has none.</summary>
    public static Expression ToExpression(CodePointSet set)
    {
        List<Expression> options = [];
        foreach ((int low, int high) in set.Intersect(CodePointSet.All).Ranges) Split(low, high, options);
        return options.Count == 1 ? options[0] : new Expression.Choice(options);
    }

    private static void Split(int low, int high, List<Expression> options)
    {
        foreach (int last in (int[])[0x7F, 0x7FF, 0xFFFF])
        {
            if (low > last || high <= last) continue;
            Split(low, last, options);
            Split(last + 1, high, options);
            return;
        }

        // Within one length: cut until all bytes after the first that differs run through their whole range.
        for (int bits = 6; bits <= 18 && low >= 0x80; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask)) break;
            if ((low & mask) != 0)
            {
                Split(low, low | mask, options);
                Split((low | mask) + 1, high, options);
                return;
            }

            if ((high & mask) != mask)
            {
                Split(low, (high & ~mask) - 1, options);
                Split(high & ~mask, high, options);
                return;
            }
        }

        options.Add(Bytes(low, high));
    }

    private static Expression Bytes(int low, int high)
    {
        if (low < 0x80) return new Expression.Range((byte)low, (byte)high);
        Span<byte> first = stackalloc byte[4];
        Span<byte> last = stackalloc byte[4];
        int length = new System.Text.Rune(low).EncodeToUtf8(first);
        new System.Text.Rune(high).EncodeToUtf8(last);
        List<Expression> parts = [];
        for (int i = 0; i < length; i++) parts.Add(new Expression.Range(first[i], last[i]));
        return new Expression.Sequence(parts);
    }
}
