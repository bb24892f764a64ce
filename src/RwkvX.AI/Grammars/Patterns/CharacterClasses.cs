using System.Globalization;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>
/// The named classes. Dialects differ in whether <c>\d \w \s</c> go beyond ASCII; what is generated must match in all of them,
/// so a class is the smallest that a dialect gives it, and its negation leaves out the largest.
/// </summary>
internal static class CharacterClasses
{
    private static readonly Lazy<CodePointSet> UnicodeDigits = new(() => OfCategories(UnicodeCategory.DecimalDigitNumber));

    private static readonly Lazy<CodePointSet> UnicodeWord = new(() => CodePointSet.Union(
        OfCategories([.. Enum.GetValues<UnicodeCategory>().Where(IsWord)]), CodePointSet.Of((0x200C, 0x200D))));

    private static readonly CodePointSet Digits = CodePointSet.Of(('0', '9'));

    private static readonly CodePointSet Word = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    private static readonly CodePointSet Space = CodePointSet.Of(
        ('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000));

    private static readonly CodePointSet WideSpace = CodePointSet.Union(
        Space, CodePointSet.Of((0x1C, 0x1F), (0x85, 0x85), (0x180E, 0x180E), (0xFEFF, 0xFEFF)));

    /// <summary>What a dot matches: all but ends of line.</summary>
    public static CodePointSet Dot { get; } = CodePointSet.Of(('\n', '\n'), ('\r', '\r'), (0x85, 0x85), (0x2028, 0x2029)).Complement();

    /// <summary>The class of an escape letter as all dialects have it, and as the widest has it; null for other letters.</summary>
    public static (CodePointSet Narrow, CodePointSet Wide)? Find(char letter) => letter switch
    {
        'd' => (Digits, UnicodeDigits.Value),
        'w' => (Word, UnicodeWord.Value),
        's' => (Space, WideSpace),
        'D' => (UnicodeDigits.Value.Complement(), Digits.Complement()),
        'W' => (UnicodeWord.Value.Complement(), Word.Complement()),
        'S' => (WideSpace.Complement(), Space.Complement()),
        _ => null,
    };

    /// <summary>A general category by its short name (<c>L</c>, <c>Lu</c>, <c>Nd</c> …); null where there is none.</summary>
    public static CodePointSet? Category(string name)
    {
        UnicodeCategory[] categories = [.. Enum.GetValues<UnicodeCategory>().Where(category => ShortName(category).StartsWith(name, StringComparison.Ordinal))];
        return name.Length is 1 or 2 && categories.Length > 0 ? OfCategories(categories) : null;
    }

    private static bool IsWord(UnicodeCategory category) => ShortName(category)[0] is 'L' or 'M' or 'N' || category == UnicodeCategory.ConnectorPunctuation;

    private static CodePointSet OfCategories(params UnicodeCategory[] categories)
    {
        HashSet<UnicodeCategory> wanted = [.. categories];
        List<(int, int)> ranges = [];
        int low = -1;
        for (int value = 0; value <= CodePointSet.MaxCodePoint + 1; value++)
        {
            bool isIn = value <= CodePointSet.MaxCodePoint && wanted.Contains(CharUnicodeInfo.GetUnicodeCategory(value));
            if (isIn && low < 0) low = value;
            if (isIn || low < 0) continue;
            ranges.Add((low, value - 1));
            low = -1;
        }

        return CodePointSet.Of(ranges);
    }

    private static string ShortName(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.Control => "Cc",
        UnicodeCategory.Format => "Cf",
        UnicodeCategory.Surrogate => "Cs",
        UnicodeCategory.PrivateUse => "Co",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "Cn",
    };
}
