using System.Globalization;
using System.Text.Json;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// What <c>not</c> rules out, where it holds nothing but an <c>enum</c> or a <c>const</c> of plain values: all that .NET's attributes make of it. A
/// number is ruled out in every spelling.
/// </summary>
internal sealed class DeniedValues
{
    private readonly List<JsonElement> _values = [];

    /// <summary>Equal for equal rules.</summary>
    public string Key => string.Join('\u0001', _values.Select(value => value.GetRawText()));

    /// <summary>Whether numbers are ruled out.</summary>
    public bool HasNumbers => _values.Exists(value => value.ValueKind == JsonValueKind.Number);

    /// <summary>Whether texts are ruled out.</summary>
    public bool HasTexts => _values.Exists(value => value.ValueKind == JsonValueKind.String);

    /// <summary>The values of one schema's <c>not</c>; none where there is none.</summary>
    /// <exception cref="GrammarException">It says something else.</exception>
    public static IReadOnlyList<JsonElement> Of(SchemaPart part)
    {
        if (!part.TryGet("not", out JsonElement not)) return [];
        string[] keywords = not.ValueKind == JsonValueKind.Object ? [.. not.EnumerateObject().Select(keyword => keyword.Name)] : [];
        JsonElement[] values = keywords switch
        {
            ["const"] => [not.GetProperty("const")],
            ["enum"] when not.GetProperty("enum") is { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
            _ => throw part.Error("not", "the keyword 'not' is supported around 'enum' or 'const' alone"),
        };
        return Array.TrueForAll(values, value => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            ? values
            : throw part.Error("not", "objects and arrays are not supported in it");
    }

    public void Add(SchemaPart part)
    {
        foreach (JsonElement value in Of(part))
        {
            if (value.ValueKind == JsonValueKind.Number && !decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out _))
                throw part.Error("not", $"{value.GetRawText()} is beyond 28 digits");
            _values.Add(value);
        }
    }

    /// <summary>Whether one of the kinds that have one value each is ruled out: null, true, false.</summary>
    public bool Denies(JsonValueKind kind) => _values.Exists(value => value.ValueKind == kind);

    /// <summary>The texts that are left.</summary>
    public CodePointDfa LeaveTexts(CodePointDfa texts) => HasTexts
        ? texts.Intersect(CodePointDfa.OfTexts([.. _values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)]).Complement())
        : texts;

    /// <summary>The spellings of numbers, without exponents, that are left.</summary>
    public CodePointDfa LeaveNumbers(CodePointDfa numbers) => _values
        .Where(value => value.ValueKind == JsonValueKind.Number)
        .Aggregate(numbers, (left, value) => left.Intersect(RegexAutomaton.WholeMatch(Spellings(value)).Complement()));

    private static string Spellings(JsonElement value)
    {
        string plain = decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture);
        return plain.Contains('.') ? plain.Replace(".", @"\.", StringComparison.Ordinal) + "0*" : plain + @"(\.0+)?";
    }
}
