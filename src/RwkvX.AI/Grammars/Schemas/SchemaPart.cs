using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>A schema within a document.</summary>
/// <param name="Element">An object or a boolean.</param>
/// <param name="Pointer">Where it stands: <c>#/properties/a</c>.</param>
/// <param name="IsPlain">Whether its <c>$ref allOf anyOf oneOf</c> are dealt with already.</param>
internal readonly record struct SchemaPart(JsonElement Element, string Pointer, bool IsPlain = false)
{
    public bool TryGet(string keyword, out JsonElement value)
    {
        value = default;
        return Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(keyword, out value);
    }

    /// <summary>The schema under a keyword, or under a member of a keyword.</summary>
    public SchemaPart Child(JsonElement element, params ReadOnlySpan<string> path)
    {
        string pointer = Pointer;
        foreach (string segment in path) pointer += "/" + segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return new SchemaPart(element, pointer);
    }

    /// <summary>The schemas in the array under a keyword; none where it is absent.</summary>
    public SchemaPart[] Children(string keyword)
    {
        if (!TryGet(keyword, out JsonElement list)) return [];
        SchemaPart self = this;
        return [.. list.EnumerateArray().Select((element, i) => self.Child(element, keyword, $"{i}"))];
    }

    /// <summary>The named schemas under a keyword, in their order; none where it is absent.</summary>
    public IEnumerable<(string Name, SchemaPart Schema)> Members(string keyword)
    {
        if (!TryGet(keyword, out JsonElement members)) yield break;
        foreach (JsonProperty member in members.EnumerateObject()) yield return (member.Name, Child(member.Value, keyword, member.Name));
    }

    public GrammarException Error(string keyword, string message) => new(message, $"{Pointer}/{keyword}", keyword);
}
