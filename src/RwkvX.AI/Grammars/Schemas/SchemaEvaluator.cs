using System.Globalization;
using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Says whether a given value obeys a schema: for the values of <c>enum</c> and <c>const</c>, which other keywords may rule out.</summary>
internal sealed class SchemaEvaluator(SchemaReferences references, bool ignoresFormats = false)
{
    private readonly bool _ignoresFormats = ignoresFormats;
    private readonly SchemaReferences _references = references;

    /// <summary>Whether the value obeys; a <c>format</c> counts unless formats are ignored, as validators may.</summary>
    public bool Accepts(SchemaPart part, JsonElement value)
    {
        if (part.Element.ValueKind is JsonValueKind.True or JsonValueKind.False) return part.Element.ValueKind == JsonValueKind.True;
        if (!part.IsPlain)
        {
            SchemaKeywords.Check(part);
            if (!AcceptsCombined(part, value)) return false;
        }

        JsonTypes type = SchemaTypes.Of(value);
        return (SchemaTypes.Of(part) & type) != 0 && AcceptsValue(part, value) && AcceptsType(part, type, value);
    }

    private bool AcceptsCombined(SchemaPart part, JsonElement value)
    {
        if (part.TryGet("$ref", out _) && !Accepts(_references.Resolve(part), value)) return false;
        if (part.Children("allOf").Any(child => !Accepts(child, value))) return false;
        if (part.TryGet("anyOf", out _) && !part.Children("anyOf").Any(child => Accepts(child, value))) return false;
        return !part.TryGet("oneOf", out _) || part.Children("oneOf").Count(child => Accepts(child, value)) == 1;
    }

    private static bool AcceptsValue(SchemaPart part, JsonElement value)
    {
        if (part.TryGet("const", out JsonElement constant) && !JsonElement.DeepEquals(constant, value)) return false;
        if (DeniedValues.Of(part).Any(denied => JsonElement.DeepEquals(denied, value))) return false;
        return !part.TryGet("enum", out JsonElement values) || values.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value));
    }

    private bool AcceptsType(SchemaPart part, JsonTypes type, JsonElement value) => type switch
    {
        JsonTypes.Integer or JsonTypes.Fraction => AcceptsNumber(part, value),
        JsonTypes.String => AcceptsString(part, value.GetString()!),
        JsonTypes.Array => AcceptsArray(part, value),
        JsonTypes.Object => AcceptsObject(part, value),
        _ => true,
    };

    private static bool AcceptsNumber(SchemaPart part, JsonElement value)
    {
        var bounds = new NumberBounds();
        bounds.Add(part);
        if (bounds.IsFree) return true;
        return decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && bounds.Contains(number);
    }

    private bool AcceptsString(SchemaPart part, string text)
    {
        SchemaFacts facts = SchemaFacts.Of([part]);
        int length = text.EnumerateRunes().Count();
        if (length < facts.MinLength || (facts.MaxLength >= 0 && length > facts.MaxLength)) return false;
        return !facts.HasStringRules || facts.Strings(_ignoresFormats).Matches(text);
    }

    private bool AcceptsArray(SchemaPart part, JsonElement value)
    {
        int count = value.GetArrayLength();
        if (count < SchemaFacts.ReadCount(part, "minItems", 0) || count > SchemaFacts.ReadCount(part, "maxItems", int.MaxValue)) return false;
        if (part.TryGet("uniqueItems", out JsonElement unique) && unique.ValueKind == JsonValueKind.True && HasRepeats(value)) return false;
        SchemaPart[] prefix = part.Children("prefixItems");
        for (int i = 0; i < count; i++)
        {
            if (i < prefix.Length && !Accepts(prefix[i], value[i])) return false;
            if (i >= prefix.Length && part.TryGet("items", out JsonElement items) && !Accepts(part.Child(items, "items"), value[i])) return false;
        }

        return true;
    }

    private static bool HasRepeats(JsonElement array)
    {
        JsonElement[] items = [.. array.EnumerateArray()];
        return items.Where((item, i) => items.Take(i).Any(earlier => JsonElement.DeepEquals(earlier, item))).Any();
    }

    private bool AcceptsObject(SchemaPart part, JsonElement value)
    {
        string[] names = [.. value.EnumerateObject().Select(member => member.Name)];
        if (names.Length < SchemaFacts.ReadCount(part, "minProperties", 0) || names.Length > SchemaFacts.ReadCount(part, "maxProperties", int.MaxValue)) return false;
        if (ObjectSchema.RequiredNames(part).Any(name => !names.Contains(name))) return false;
        var bound = new PropertyNames([part]);
        return value.EnumerateObject().All(member =>
            bound.Allows(member.Name) && bound.SchemasOf(part, member.Name).All(schema => Accepts(schema, member.Value)));
    }
}
