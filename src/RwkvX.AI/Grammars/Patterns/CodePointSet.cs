namespace RwkvX.AI.Grammars.Patterns;

/// <summary>A set of code points as sorted ranges that neither overlap nor touch.</summary>
internal sealed class CodePointSet
{
    public const int MaxCodePoint = 0x10FFFF;

    private CodePointSet(IReadOnlyList<(int Low, int High)> ranges) => Ranges = ranges;

    public IReadOnlyList<(int Low, int High)> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    /// <summary>Every character that text can hold: code points without surrogates.</summary>
    public static CodePointSet All { get; } = Of((0, 0xD7FF), (0xE000, MaxCodePoint));

    public static CodePointSet Of(params IEnumerable<(int Low, int High)> ranges)
    {
        List<(int Low, int High)> merged = [];
        foreach ((int low, int high) in ranges.Where(range => range.Low <= range.High).OrderBy(range => range.Low))
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1) merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, high));
            else merged.Add((low, high));
        }

        return new CodePointSet(merged);
    }

    public static CodePointSet Of(int codePoint) => Of((codePoint, codePoint));

    public static CodePointSet Union(params IEnumerable<CodePointSet> sets) => Of(sets.SelectMany(set => set.Ranges));

    /// <summary>All characters but these.</summary>
    public CodePointSet Complement()
    {
        List<(int, int)> gaps = [];
        int from = 0;
        foreach ((int low, int high) in Ranges)
        {
            gaps.Add((from, low - 1));
            from = high + 1;
        }

        gaps.Add((from, MaxCodePoint));
        return Of(gaps).Intersect(All);
    }

    public CodePointSet Intersect(CodePointSet other)
    {
        List<(int, int)> common = [];
        foreach ((int low, int high) in Ranges)
        {
            foreach ((int otherLow, int otherHigh) in other.Ranges) common.Add((Math.Max(low, otherLow), Math.Min(high, otherHigh)));
        }

        return Of(common);
    }

    public bool Contains(int codePoint) => Ranges.Any(range => range.Low <= codePoint && codePoint <= range.High);
}
