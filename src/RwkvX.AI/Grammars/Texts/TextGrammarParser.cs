using System.Globalization;
using System.Text;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Texts;

/// <summary>
/// Reads text grammars: <c>name ::= "literal" | [class] . other-rule ( group ) x* x+ x? x{m,n} # comment</c>, the start rule being <c>root</c>.
/// A rule ends where the next begins, so that alternatives may stand on lines of their own.
/// </summary>
internal sealed class TextGrammarParser
{
    private readonly string _text;
    private readonly GrammarRules _rules = new();
    private readonly Dictionary<string, int> _numbers = [];
    private readonly Dictionary<string, Expression> _bodies = [];
    private readonly Dictionary<string, HashSet<string>> _uses = [];
    private string _current = "";
    private int _at;

    private TextGrammarParser(string text) => _text = text;

    public static GrammarProgram Compile(string text)
    {
        var parser = new TextGrammarParser(text);
        parser.SkipSpace();
        while (!parser.AtEnd) parser.ParseRule();
        if (!parser._bodies.ContainsKey("root")) throw new GrammarException("the grammar has no rule 'root'");
        parser.Define();
        return RuleCompiler.Compile(parser._rules, parser._numbers["root"], Grammar.MaxTextDepth);
    }

    private bool AtEnd => _at >= _text.Length;

    private GrammarException Error(string message)
    {
        int line = _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n') + 1;
        int column = _at - _text.LastIndexOf('\n', Math.Max(0, Math.Min(_at, _text.Length) - 1));
        return new GrammarException(message, $"{line}:{column}");
    }

    /// <summary>Recursive rules count as nesting, so that there is a limit to their depth.</summary>
    private void Define()
    {
        foreach ((string name, Expression body) in _bodies)
            _rules.Define(_numbers[name], new RuleDefinition(name, body, Nests: Reaches(name, name, [])));
    }

    private bool Reaches(string from, string to, HashSet<string> seen)
    {
        if (!_uses.TryGetValue(from, out HashSet<string>? uses)) return false;
        return uses.Contains(to) || uses.Any(next => seen.Add(next) && Reaches(next, to, seen));
    }

    private void ParseRule()
    {
        string name = ReadName();
        SkipSpace();
        if (!TryRead("::=")) throw Error($"expected '::=' after '{name}'");
        _current = name;
        _uses[name] = [];
        NumberOf(name);
        Expression body = ParseChoice();
        if (!_bodies.TryAdd(name, body)) throw Error($"the rule '{name}' is defined twice");
    }

    private Expression ParseChoice()
    {
        List<Expression> options = [ParseSequence()];
        while (TryRead("|")) options.Add(ParseSequence());
        return options.Count == 1 ? options[0] : new Expression.Choice(options);
    }

    private Expression.Sequence ParseSequence()
    {
        List<Expression> parts = [];
        for (SkipSpace(); !AtEnd && _text[_at] is not ('|' or ')') && !IsRuleStart(); SkipSpace()) parts.Add(ParseQuantified());
        return new Expression.Sequence(parts);
    }

    private Expression ParseQuantified()
    {
        Expression item = ParseAtom();
        while (!AtEnd)
        {
            if (TryRead("*")) item = Expression.Star(item);
            else if (TryRead("+")) item = Expression.Of(item, Expression.Star(item));
            else if (TryRead("?")) item = Expression.Optional(item);
            else if (_text[_at] == '{') item = ParseBounds(item);
            else break;
        }

        return item;
    }

    private Expression.Call ParseBounds(Expression item)
    {
        int close = _text.IndexOf('}', _at);
        string[] parts = close < 0 ? [] : _text[(_at + 1)..close].Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length is not (1 or 2) || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int min)) throw Error("malformed repetition");
        int max = min;
        if (parts.Length == 2 && parts[1].Length == 0) max = Machine.Item.Unbounded;
        else if (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out max)) throw Error("malformed repetition");
        if (max < min) throw Error("the upper bound of a repetition is below the lower one");
        _at = close + 1;
        return new Expression.Call(_rules.Add(new RuleDefinition(_current + " (repetition)", item, IsLoop: true)), min, max);
    }

    private Expression ParseAtom()
    {
        switch (_text[_at])
        {
            case '"':
                return ParseLiteral();
            case '[':
                return ParseClass();
            case '.':
                _at++;
                return Utf8Ranges.ToExpression(CodePointSet.All);
            case '(':
                _at++;
                Expression inner = ParseChoice();
                SkipSpace();
                return TryRead(")") ? inner : throw Error("missing ')'");
            default:
                string name = ReadName();
                _uses[_current].Add(name);
                return new Expression.Call(NumberOf(name));
        }
    }

    private Expression.Literal ParseLiteral()
    {
        var text = new StringBuilder();
        for (_at++; !AtEnd && _text[_at] != '"';) text.Append(_text[_at] == '\\' ? ReadEscape() : _text[_at++].ToString());
        if (!TryRead("\"")) throw Error("missing '\"'");
        return new Expression.Literal(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private string ReadEscape()
    {
        if (_at + 1 >= _text.Length) throw Error("a backslash at the end");
        char letter = _text[_at + 1];
        _at += 2;
        return letter switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'x' => ReadHex(2),
            'u' => ReadHex(4),
            'U' => ReadHex(8),
            '"' or '\\' or '[' or ']' => letter.ToString(),
            _ => throw Error($"the escape '\\{letter}' is not known"),
        };
    }

    private string ReadHex(int digits)
    {
        if (_at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            || !Rune.IsValid(value)) throw Error($"expected a character in {digits} hexadecimal digits");
        _at += digits;
        return new Rune(value).ToString();
    }

    /// <summary>A class is written as in regular expressions, and read as one.</summary>
    private Expression ParseClass()
    {
        int end = _at + 1;
        while (end < _text.Length && _text[end] != ']') end += _text[end] == '\\' ? 2 : 1;
        if (end >= _text.Length) throw Error("missing ']'");
        string pattern = _text[_at..(end + 1)];
        if (RegexParser.Parse(pattern) is not RegexNode.Sequence { Parts: [RegexNode.One one] }) throw Error($"malformed class {pattern}");
        _at = end + 1;
        return Utf8Ranges.ToExpression(one.Set);
    }

    private int NumberOf(string name)
    {
        if (!_numbers.TryGetValue(name, out int number)) _numbers.Add(name, number = _rules.Declare(name));
        return number;
    }

    private bool IsRuleStart()
    {
        int saved = _at;
        while (!AtEnd && IsNameCharacter(_text[_at])) _at++;
        bool hasName = _at > saved;
        SkipSpace();
        bool isStart = hasName && _text.AsSpan(_at).StartsWith("::=", StringComparison.Ordinal);
        _at = saved;
        return isStart;
    }

    private string ReadName()
    {
        int start = _at;
        while (!AtEnd && IsNameCharacter(_text[_at])) _at++;
        return _at > start ? _text[start.._at] : throw Error($"expected a rule name, found '{_text[_at]}'");
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private bool TryRead(string expected)
    {
        if (!_text.AsSpan(_at).StartsWith(expected, StringComparison.Ordinal)) return false;
        _at += expected.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (!AtEnd && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '#'))
        {
            if (_text[_at] == '#') _at = _text.IndexOf('\n', _at) is >= 0 and var end ? end : _text.Length;
            else _at++;
        }
    }
}
