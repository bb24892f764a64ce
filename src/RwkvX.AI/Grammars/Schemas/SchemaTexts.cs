using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Finds escapes in a schema that make no text: JSON can spell half of a surrogate pair, and nothing that is written could match it.</summary>
internal static class SchemaTexts
{
    /// <exception cref="GrammarException">A name or a string somewhere in the schema is no Unicode text.</exception>
    public static void Check(SchemaPart part)
    {
        try
        {
            if (part.Element.ValueKind == JsonValueKind.String) _ = part.Element.GetString();
            if (part.Element.ValueKind == JsonValueKind.Object) _ = part.Element.EnumerateObject().Count(member => member.Name.Length > 0);
        }
        catch (InvalidOperationException e)
        {
            throw new GrammarException($"expected Unicode text, found half of a surrogate pair ({e.Message})", part.Pointer);
        }

        if (part.Element.ValueKind == JsonValueKind.Object) foreach (JsonProperty member in part.Element.EnumerateObject()) Check(part.Child(member.Value, member.Name));
        if (part.Element.ValueKind != JsonValueKind.Array) return;
        int at = 0;
        foreach (JsonElement item in part.Element.EnumerateArray()) Check(part.Child(item, $"{at++}"));
    }
}
