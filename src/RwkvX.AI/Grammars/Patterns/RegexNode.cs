namespace RwkvX.AI.Grammars.Patterns;

/// <summary>A parsed regular expression over code points.</summary>
internal abstract record RegexNode
{
    /// <summary>Stands before every text; what <c>^</c> matches.</summary>
    public const int Begin = CodePointSet.MaxCodePoint + 1;

    /// <summary>Stands after every text; what <c>$</c> matches.</summary>
    public const int End = CodePointSet.MaxCodePoint + 2;

    public sealed record One(CodePointSet Set) : RegexNode;

    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    public sealed record Choice(IReadOnlyList<RegexNode> Options) : RegexNode;

    /// <summary><paramref name="Max"/> is -1 for no bound.</summary>
    public sealed record Repeat(RegexNode Item, int Min, int Max) : RegexNode;

    /// <summary>Any number of characters of the set.</summary>
    public static RegexNode Many(CodePointSet set) => new Repeat(new One(set), 0, -1);
}
