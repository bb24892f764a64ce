using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>The <c>type</c> keyword, and the types of values.</summary>
internal static class SchemaTypes
{
    /// <summary>The types that a schema allows: all where it names none. OpenAPI's <c>nullable: true</c> adds null.</summary>
    public static JsonTypes Of(SchemaPart part)
    {
        if (!part.TryGet("type", out JsonElement type)) return JsonTypes.Any;
        JsonTypes types = part.TryGet("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True ? JsonTypes.Null : JsonTypes.None;
        if (type.ValueKind != JsonValueKind.Array) return types | Parse(part, type);
        return type.EnumerateArray().Aggregate(types, (union, one) => union | Parse(part, one));
    }

    /// <summary>The type of a value; a number without a fractional part is an integer, however it is written.</summary>
    public static JsonTypes Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => value.GetDouble() == Math.Floor(value.GetDouble()) ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };

    private static JsonTypes Parse(SchemaPart part, JsonElement type) => (type.ValueKind == JsonValueKind.String ? type.GetString() : null) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw part.Error("type", $"the type {type.GetRawText()} is not known"),
    };
}
