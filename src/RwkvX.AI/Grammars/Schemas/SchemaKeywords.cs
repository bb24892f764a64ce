using System.Collections.Frozen;
using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Which keywords are followed, which say nothing about values, and that all others are errors.</summary>
internal static class SchemaKeywords
{
    private static readonly FrozenSet<string> Annotations = new[]
    {
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
        "$comment", "$schema", "$defs", "definitions", "contentMediaType",
    }.ToFrozenSet();

    /// <summary>The types that a keyword speaks about; used where a schema names no type.</summary>
    private static readonly FrozenDictionary<string, JsonTypes> Types = new Dictionary<string, JsonTypes>
    {
        ["multipleOf"] = JsonTypes.Number,
        ["minimum"] = JsonTypes.Number,
        ["maximum"] = JsonTypes.Number,
        ["exclusiveMinimum"] = JsonTypes.Number,
        ["exclusiveMaximum"] = JsonTypes.Number,
        ["minLength"] = JsonTypes.String,
        ["maxLength"] = JsonTypes.String,
        ["pattern"] = JsonTypes.String,
        ["format"] = JsonTypes.String,
        ["contentEncoding"] = JsonTypes.String,
        ["items"] = JsonTypes.Array,
        ["prefixItems"] = JsonTypes.Array,
        ["minItems"] = JsonTypes.Array,
        ["maxItems"] = JsonTypes.Array,
        ["uniqueItems"] = JsonTypes.Array,
        ["properties"] = JsonTypes.Object,
        ["required"] = JsonTypes.Object,
        ["additionalProperties"] = JsonTypes.Object,
        ["patternProperties"] = JsonTypes.Object,
        ["propertyNames"] = JsonTypes.Object,
        ["minProperties"] = JsonTypes.Object,
        ["maxProperties"] = JsonTypes.Object,
        ["type"] = JsonTypes.None,
        ["enum"] = JsonTypes.None,
        ["const"] = JsonTypes.None,
        ["nullable"] = JsonTypes.None,
        ["not"] = JsonTypes.None,
        ["$ref"] = JsonTypes.None,
        ["allOf"] = JsonTypes.None,
        ["anyOf"] = JsonTypes.None,
        ["oneOf"] = JsonTypes.None,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, JsonValueKind> Kinds = new Dictionary<string, JsonValueKind>
    {
        ["multipleOf"] = JsonValueKind.Number,
        ["minimum"] = JsonValueKind.Number,
        ["maximum"] = JsonValueKind.Number,
        ["exclusiveMinimum"] = JsonValueKind.Number,
        ["exclusiveMaximum"] = JsonValueKind.Number,
        ["minLength"] = JsonValueKind.Number,
        ["maxLength"] = JsonValueKind.Number,
        ["minItems"] = JsonValueKind.Number,
        ["maxItems"] = JsonValueKind.Number,
        ["minProperties"] = JsonValueKind.Number,
        ["maxProperties"] = JsonValueKind.Number,
        ["pattern"] = JsonValueKind.String,
        ["format"] = JsonValueKind.String,
        ["contentEncoding"] = JsonValueKind.String,
        ["$ref"] = JsonValueKind.String,
        ["properties"] = JsonValueKind.Object,
        ["patternProperties"] = JsonValueKind.Object,
        ["required"] = JsonValueKind.Array,
        ["prefixItems"] = JsonValueKind.Array,
        ["enum"] = JsonValueKind.Array,
        ["allOf"] = JsonValueKind.Array,
        ["anyOf"] = JsonValueKind.Array,
        ["oneOf"] = JsonValueKind.Array,
    }.ToFrozenDictionary();

    /// <exception cref="GrammarException">The schema has a keyword that is not supported, or one with a value of the wrong kind.</exception>
    public static void Check(SchemaPart part)
    {
        if (part.Element.ValueKind is JsonValueKind.True or JsonValueKind.False) return;
        if (part.Element.ValueKind != JsonValueKind.Object)
            throw new GrammarException($"expected a schema (an object or a boolean), found {part.Element.ValueKind}", part.Pointer);
        _ = DeniedValues.Of(part);
        foreach (JsonProperty keyword in part.Element.EnumerateObject())
        {
            if (keyword.Name == "$id" && part.Pointer == "#") continue;
            if (!Annotations.Contains(keyword.Name) && !Types.ContainsKey(keyword.Name))
                throw part.Error(keyword.Name, $"the keyword '{keyword.Name}' is not supported");
            if (Kinds.TryGetValue(keyword.Name, out JsonValueKind kind) && keyword.Value.ValueKind != kind)
                throw part.Error(keyword.Name, $"'{keyword.Name}' must be of kind {kind}, found {keyword.Value.ValueKind}");
        }
    }

    /// <summary>Whether the schema says something beyond <c>$ref allOf anyOf oneOf</c> and annotations.</summary>
    public static bool HasOwn(SchemaPart part) => part.Element.EnumerateObject()
        .Any(keyword => Types.ContainsKey(keyword.Name) && keyword.Name is not ("$ref" or "allOf" or "anyOf" or "oneOf"));

    /// <summary>The types that a schema without <c>type</c> has in mind: those of its keywords, or all where it has none.</summary>
    public static JsonTypes Implied(SchemaPart part)
    {
        JsonTypes types = JsonTypes.None;
        if (part.Element.ValueKind != JsonValueKind.Object) return types;
        foreach (JsonProperty keyword in part.Element.EnumerateObject()) types |= Types.GetValueOrDefault(keyword.Name);
        return types;
    }
}
