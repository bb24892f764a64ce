using System.Globalization;
using System.Text;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>
/// Reads regular expressions: the part that ECMAScript and .NET write alike and that is regular. Look-around, back references,
/// word borders and inline flags are errors; lazy quantifiers match the same texts as greedy ones.
/// </summary>
internal sealed class RegexParser
{
    /// <summary>Bound of a counted repetition; each round is a copy.</summary>
    private const int MaxRepeat = 10_000;

    private static readonly CodePointSet BasicPlane = CodePointSet.Of((0, 0xFFFF));

    private readonly string _pattern;
    private readonly CodePointSet _classes;
    private int _at;

    private RegexParser(string pattern, bool isBasic)
    {
        _pattern = pattern;
        _classes = isBasic ? BasicPlane : CodePointSet.All;
    }

    /// <param name="pattern">The expression.</param>
    /// <param name="isBasic">
    /// Whether dots, negations and categories leave out characters beyond U+FFFF: half of all dialects match those as two characters.
    /// </param>
    public static RegexNode Parse(string pattern, bool isBasic = false)
    {
        var parser = new RegexParser(pattern, isBasic);
        RegexNode node = parser.ParseChoice();
        if (parser._at < pattern.Length) throw parser.Error("unmatched ')'");
        return node;
    }

    private bool AtEnd => _at >= _pattern.Length;

    private GrammarException Error(string message) => new($"regular expression '{_pattern}', position {_at}: {message}");

    private bool TryRead(char expected)
    {
        if (AtEnd || _pattern[_at] != expected) return false;
        _at++;
        return true;
    }

    private RegexNode ParseChoice()
    {
        List<RegexNode> options = [ParseSequence()];
        while (TryRead('|')) options.Add(ParseSequence());
        return options.Count == 1 ? options[0] : new RegexNode.Choice(options);
    }

    private RegexNode.Sequence ParseSequence()
    {
        List<RegexNode> parts = [];
        while (!AtEnd && _pattern[_at] is not ('|' or ')')) parts.Add(ParseQuantified());
        return new RegexNode.Sequence(parts);
    }

    private RegexNode ParseQuantified()
    {
        RegexNode item = ParseAtom();
        while (!AtEnd)
        {
            int start = _at;
            (int Min, int Max)? bounds = _pattern[_at] switch
            {
                '*' => (0, -1),
                '+' => (1, -1),
                '?' => (0, 1),
                '{' => ParseBounds(),
                _ => null,
            };
            if (bounds is not { } range) break;
            if (_at == start) _at++;
            if (!TryRead('?') && !AtEnd && _pattern[_at] == '+') throw Error("possessive quantifiers are not supported");
            item = new RegexNode.Repeat(item, range.Min, range.Max);
        }

        return item;
    }

    /// <summary>A brace that is no bound stands for itself, as ECMAScript without the u flag and .NET have it.</summary>
    private (int Min, int Max)? ParseBounds()
    {
        int close = _pattern.IndexOf('}', _at);
        if (close < 0) return null;
        string[] parts = _pattern[(_at + 1)..close].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int min)) return null;
        int max = min;
        if (parts.Length == 2) max = parts[1].Length == 0 ? -1 : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int upper) ? upper : -2;
        if (max == -2) return null;
        if (max >= 0 && max < min) throw Error("the upper bound of a repetition is below the lower one");
        if (Math.Max(min, max) > MaxRepeat) throw Error($"repetitions above {MaxRepeat} are not supported");
        _at = close + 1;
        return (min, max);
    }

    private RegexNode ParseAtom()
    {
        char next = _pattern[_at++];
        switch (next)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new RegexNode.One(ParseClass());
            case '.':
                return new RegexNode.One(CharacterClasses.Dot.Intersect(_classes));
            case '^':
                return new RegexNode.One(CodePointSet.Of(RegexNode.Begin));
            case '$':
                return new RegexNode.One(CodePointSet.Of(RegexNode.End));
            case '\\':
                return new RegexNode.One(ParseEscape(inClass: false).Narrow);
            case '*' or '+' or '?':
                _at--;
                throw Error($"nothing to repeat before '{next}'");
            default:
                _at--;
                return new RegexNode.One(CodePointSet.Of(ReadCodePoint()));
        }
    }

    private RegexNode ParseGroup()
    {
        if (TryRead('?') && !TryRead(':'))
        {
            int close = _pattern.IndexOf('>', _at);
            bool isNamed = !AtEnd && _pattern[_at] == '<' && close > 0 && _pattern[_at + 1] is not ('=' or '!');
            if (!isNamed) throw Error("look-around, inline flags and conditions are not supported");
            _at = close + 1;
        }

        RegexNode inner = ParseChoice();
        return TryRead(')') ? inner : throw Error("missing ')'");
    }

    private CodePointSet ParseClass()
    {
        bool isNegated = TryRead('^');
        List<CodePointSet> narrow = [];
        List<CodePointSet> wide = [];
        while (!TryRead(']'))
        {
            if (AtEnd) throw Error("missing ']'");
            (CodePointSet low, CodePointSet lowWide) = ParseClassMember();
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']' && IsSingle(low))
            {
                _at++;
                (CodePointSet high, _) = ParseClassMember();
                if (!IsSingle(high) || high.Ranges[0].Low < low.Ranges[0].Low) throw Error("malformed range in a class");
                low = lowWide = CodePointSet.Of((low.Ranges[0].Low, high.Ranges[0].Low));
            }

            narrow.Add(low);
            wide.Add(lowWide);
        }

        return isNegated ? CodePointSet.Union(wide).Complement().Intersect(_classes) : CodePointSet.Union(narrow);
    }

    private static bool IsSingle(CodePointSet set) => set.Ranges is [var range] && range.Low == range.High;

    private (CodePointSet Narrow, CodePointSet Wide) ParseClassMember()
    {
        if (TryRead('\\')) return ParseEscape(inClass: true);
        CodePointSet set = CodePointSet.Of(ReadCodePoint());
        return (set, set);
    }

    private (CodePointSet Narrow, CodePointSet Wide) ParseEscape(bool inClass)
    {
        if (AtEnd) throw Error("a backslash at the end");
        char letter = _pattern[_at++];
        if (CharacterClasses.Find(letter) is { } named) return (named.Narrow.Intersect(_classes), named.Wide);
        if (letter is 'p' or 'P') return ParseCategory(letter == 'P');
        int value = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            '0' => 0,
            'b' when inClass => '\b',
            'x' => ReadHex(2),
            'u' => ReadUnicode(),
            'c' when !AtEnd => _pattern[_at++] & 31,
            'b' or 'B' => throw Error("word borders are not supported"),
            >= '1' and <= '9' or 'k' => throw Error("back references are not supported"),
            _ when char.IsAsciiLetterOrDigit(letter) => throw Error($"the escape '\\{letter}' is not supported"),
            _ => letter,
        };
        CodePointSet set = CodePointSet.Of(value);
        return (set, set);
    }

    private (CodePointSet Narrow, CodePointSet Wide) ParseCategory(bool isNegated)
    {
        int close = _pattern.IndexOf('}', _at);
        if (!TryRead('{') || close < 0) throw Error("a category must be written \\p{..}");
        string name = _pattern[_at..close];
        CodePointSet set = CharacterClasses.Category(name) ?? throw Error($"the category '{name}' is not supported");
        _at = close + 1;
        set = isNegated ? set.Complement() : set.Intersect(CodePointSet.All);
        return (set.Intersect(_classes), set);
    }

    private int ReadHex(int digits)
    {
        if (_at + digits > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
            throw Error($"expected {digits} hexadecimal digits");
        _at += digits;
        return value;
    }

    private int ReadUnicode()
    {
        if (TryRead('{'))
        {
            int close = _pattern.IndexOf('}', _at);
            if (close < 0) throw Error("missing '}'");
            int value = ReadHex(close - _at);
            _at++;
            return value;
        }

        int unit = ReadHex(4);
        if (!char.IsHighSurrogate((char)unit) || !_pattern.AsSpan(_at).StartsWith("\\u", StringComparison.Ordinal)) return unit;
        _at += 2;
        int low = ReadHex(4);
        return char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)unit, (char)low) : throw Error("a surrogate without its pair");
    }

    private int ReadCodePoint()
    {
        if (Rune.TryGetRuneAt(_pattern, _at, out Rune rune))
        {
            _at += rune.Utf16SequenceLength;
            return rune.Value;
        }

        throw Error("a surrogate without its pair");
    }
}
