using System.Globalization;
using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Finds what <c>$ref</c> points to, within the document.</summary>
internal sealed class SchemaReferences(JsonElement root)
{
    private readonly JsonElement _root = root;

    /// <exception cref="GrammarException">The reference leaves the document or points at nothing.</exception>
    public SchemaPart Resolve(SchemaPart from)
    {
        string reference = from.Element.GetProperty("$ref").GetString()!;
        if (reference is not "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
            throw from.Error("$ref", $"'{reference}': only references within the document (#, #/..) are supported");
        JsonElement at = _root;
        foreach (string segment in reference.Split('/').Skip(1))
        {
            string name = Uri.UnescapeDataString(segment).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (!TryEnter(at, name, out at)) throw from.Error("$ref", $"'{reference}' points at nothing");
        }

        return new SchemaPart(at, reference);
    }

    private static bool TryEnter(JsonElement at, string name, out JsonElement inner)
    {
        inner = default;
        if (at.ValueKind == JsonValueKind.Object) return at.TryGetProperty(name, out inner);
        bool isIndex = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
        if (at.ValueKind != JsonValueKind.Array || !isIndex || index >= at.GetArrayLength()) return false;
        inner = at[index];
        return true;
    }
}
