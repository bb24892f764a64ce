using System.Text.Json;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>What plain schemas say together about a value, keyword by keyword; objects and arrays are left to their own compilers.</summary>
internal sealed class SchemaFacts
{
    private readonly SortedSet<string> _stringKeys = new(StringComparer.Ordinal);
    private readonly List<(SchemaPart Part, string Keyword, string Text)> _stringRules = [];

    private SchemaFacts(IReadOnlyList<SchemaPart> parts) => Parts = parts;

    public IReadOnlyList<SchemaPart> Parts { get; }

    /// <summary>Types that the schemas allow.</summary>
    public JsonTypes Types { get; private set; } = JsonTypes.Any;

    /// <summary>Types to write: the allowed ones, or where no schema names any those that the keywords have in mind.</summary>
    public JsonTypes Written { get; private set; }

    /// <summary>The values of <c>enum</c> and <c>const</c>; null where there is neither.</summary>
    public IReadOnlyList<JsonElement>? Values { get; private set; }

    public NumberBounds Number { get; } = new();

    /// <summary>What <c>not</c> rules out.</summary>
    public DeniedValues Denied { get; } = new();

    public int MinLength { get; private set; }

    /// <summary>-1 for no bound.</summary>
    public int MaxLength { get; private set; } = -1;

    /// <summary>Whether patterns, formats or encodings bind strings.</summary>
    public bool HasStringRules => _stringRules.Count > 0 || Denied.HasTexts;

    /// <summary>Equal for equal rules about strings.</summary>
    public string StringKey => $"{MinLength}:{MaxLength}:{string.Join('\n', _stringKeys)}\n{(Denied.HasTexts ? Denied.Key : "")}";

    public static SchemaFacts Of(IReadOnlyList<SchemaPart> parts)
    {
        var facts = new SchemaFacts(parts);
        JsonTypes implied = JsonTypes.None;
        bool isNamed = false;
        foreach (SchemaPart part in parts)
        {
            isNamed |= part.TryGet("type", out _);
            implied |= SchemaKeywords.Implied(part);
            facts.Types &= SchemaTypes.Of(part);
            facts.AddValues(part);
            facts.Denied.Add(part);
            facts.Number.Add(part);
            facts.AddStrings(part);
        }

        facts.Number.HasOneSpelling = facts.Denied.HasNumbers;
        if ((facts.Types & JsonTypes.Fraction) == 0 && facts.Types.HasFlag(JsonTypes.Integer)) facts.Number.AddInteger();
        facts.Written = isNamed || implied == JsonTypes.None ? facts.Types : facts.Types & implied;
        return facts;
    }

    /// <summary>The strings that patterns, formats and encodings leave.</summary>
    /// <param name="patternsOnly">Without formats, which validators need not check.</param>
    public CodePointDfa Strings(bool patternsOnly = false)
    {
        CodePointDfa strings = OfLengths();
        foreach ((SchemaPart part, string keyword, string text) in _stringRules)
        {
            if (patternsOnly && keyword != "pattern") continue;
            try
            {
                if (OfRule(part, keyword, text) is { } rule) strings = strings.Intersect(rule);
            }
            catch (GrammarException e) when (e.Location is null)
            {
                throw part.Error(keyword, e.Message);
            }
        }

        return Denied.LeaveTexts(strings);
    }

    private CodePointDfa OfLengths()
    {
        try
        {
            return CodePointDfa.OfLength(MinLength, MaxLength);
        }
        catch (GrammarException e)
        {
            string keyword = MinLength > MaxLength ? "minLength" : "maxLength"; // the one that counts so far
            throw Parts.First(part => part.TryGet(keyword, out _)).Error(keyword, $"beside a pattern or a format {e.Message}");
        }
    }

    /// <summary>Those of them that are written: some patterns let through what the .NET type they come from does not read.</summary>
    public CodePointDfa WrittenStrings() => _stringRules
        .Where(rule => rule.Keyword == "pattern" && StringFormats.Readable(rule.Text) is not null)
        .Aggregate(Strings(), (strings, rule) => strings.Intersect(StringFormats.Readable(rule.Text)!));

    /// <summary>A bound on lengths and counts: a whole number, not negative.</summary>
    public static int ReadCount(SchemaPart part, string keyword, int otherwise)
    {
        if (!part.TryGet(keyword, out JsonElement value)) return otherwise;
        if (!value.TryGetDouble(out double count) || count < 0 || count != Math.Floor(count)) throw part.Error(keyword, "must be a whole number of at least 0");
        return (int)Math.Min(count, int.MaxValue - 1);
    }

    private static CodePointDfa? OfRule(SchemaPart part, string keyword, string text) => keyword switch
    {
        "pattern" => RegexAutomaton.Search(text),
        "format" => StringFormats.Find(part, text),
        _ => StringFormats.Encoding(part, text),
    };

    private void AddValues(SchemaPart part)
    {
        if (part.TryGet("const", out JsonElement constant)) Restrict([constant]);
        if (part.TryGet("enum", out JsonElement values)) Restrict([.. values.EnumerateArray()]);
    }

    private void Restrict(IReadOnlyList<JsonElement> values) =>
        Values = Values is null ? values : [.. Values.Where(known => values.Any(value => JsonElement.DeepEquals(known, value)))];

    private void AddStrings(SchemaPart part)
    {
        MinLength = Math.Max(MinLength, ReadCount(part, "minLength", 0));
        int max = ReadCount(part, "maxLength", -1);
        if (max >= 0) MaxLength = MaxLength < 0 ? max : Math.Min(MaxLength, max);
        foreach (string keyword in (string[])["pattern", "format", "contentEncoding"])
        {
            if (part.TryGet(keyword, out JsonElement text) && _stringKeys.Add(keyword + "=" + text.GetString())) _stringRules.Add((part, keyword, text.GetString()!));
        }
    }
}
