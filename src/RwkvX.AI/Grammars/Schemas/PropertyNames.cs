using System.Text.Json;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Which names the properties of an object may have, and which schemas their values obey.</summary>
internal sealed class PropertyNames
{
    private readonly IReadOnlyList<SchemaPart> _parts;
    private readonly CodePointDfa? _allowed; // by propertyNames; null: all
    private readonly List<(CodePointDfa Names, SchemaPart Schema)> _patterns = [];
    private readonly SchemaPart? _patternsOf;

    public PropertyNames(IReadOnlyList<SchemaPart> parts)
    {
        _parts = parts;
        foreach (SchemaPart part in parts)
        {
            if (part.TryGet("propertyNames", out JsonElement names)) _allowed = Restrict(_allowed, part.Child(names, "propertyNames"));
            foreach ((string pattern, SchemaPart schema) in part.Members("patternProperties"))
            {
                if (_patternsOf is { } other && other.Pointer != part.Pointer)
                    throw part.Error("patternProperties", "two schemas with 'patternProperties' for one object are not supported");
                _patternsOf = part;
                _patterns.Add((Pattern(part, "patternProperties", pattern), schema));
            }
        }

        RefuseOverlaps();
    }

    /// <summary>Whether a declared name may occur.</summary>
    public bool Allows(string name) => _allowed?.Matches(name) ?? true;

    /// <summary>The schemas of one part that bind the property of a name.</summary>
    public IEnumerable<SchemaPart> SchemasOf(SchemaPart part, string name)
    {
        bool isBound = false;
        if (part.TryGet("properties", out JsonElement properties) && properties.TryGetProperty(name, out JsonElement own))
        {
            isBound = true;
            yield return part.Child(own, "properties", name);
        }

        if (_patternsOf?.Pointer == part.Pointer)
        {
            foreach ((CodePointDfa names, SchemaPart schema) in _patterns.Where(pattern => pattern.Names.Matches(name)))
            {
                isBound = true;
                yield return schema;
            }
        }

        if (!isBound && part.TryGet("additionalProperties", out JsonElement additional)) yield return part.Child(additional, "additionalProperties");
    }

    /// <summary>
    /// Whether properties with free names are written: where patterns or <c>additionalProperties</c> ask for them, and where an object
    /// declares nothing or less than it must have.
    /// </summary>
    public bool AreOpen(int declared, int min)
    {
        if (_patterns.Count > 0) return true;
        SchemaPart[] bound = [.. _parts.Where(part => part.TryGet("additionalProperties", out _))];
        if (bound.Any(part => part.Element.GetProperty("additionalProperties").ValueKind == JsonValueKind.False)) return false;
        return bound.Length > 0 || declared == 0 || min > declared;
    }

    /// <summary>The kinds of free names, and what binds the values of each.</summary>
    public IEnumerable<(CodePointDfa Names, IReadOnlyList<SchemaPart> Schemas)> FreeNames()
    {
        if (_patterns.Count == 0)
        {
            yield return (_allowed ?? CodePointDfa.OfLength(0, -1), [.. _parts.SelectMany(part => Additional(part))]);
            yield break;
        }

        foreach ((CodePointDfa names, SchemaPart schema) in _patterns)
        {
            IEnumerable<SchemaPart> others = _parts.Where(part => part.Pointer != _patternsOf!.Value.Pointer).SelectMany(Additional);
            yield return (_allowed is null ? names : names.Intersect(_allowed), [schema, .. others]);
        }
    }

    private static IEnumerable<SchemaPart> Additional(SchemaPart part)
    {
        if (part.TryGet("additionalProperties", out JsonElement additional)) yield return part.Child(additional, "additionalProperties");
    }

    private void RefuseOverlaps()
    {
        if (_patternsOf is not { } owner) return;
        for (int i = 0; i < _patterns.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (!_patterns[i].Names.Intersect(_patterns[j].Names).IsEmpty)
                    throw owner.Error("patternProperties", "patterns that can match the same name are not supported");
            }
        }

        if (owner.TryGet("additionalProperties", out JsonElement additional) && additional.ValueKind != JsonValueKind.False)
            throw owner.Error("additionalProperties", "beside 'patternProperties' only false is supported");
    }

    private static CodePointDfa? Restrict(CodePointDfa? allowed, SchemaPart names)
    {
        if (names.Element.ValueKind == JsonValueKind.True) return allowed;
        SchemaKeywords.Check(names);
        if (names.Element.ValueKind != JsonValueKind.Object || names.Element.EnumerateObject().Any(keyword => !IsAboutText(keyword.Name)))
            throw new GrammarException("only type, pattern, format, minLength and maxLength are supported for names", names.Pointer, "propertyNames");
        CodePointDfa own = SchemaFacts.Of([names]).Strings();
        return allowed is null ? own : allowed.Intersect(own);
    }

    private static bool IsAboutText(string keyword) =>
        keyword is "type" or "pattern" or "format" or "minLength" or "maxLength" or "title" or "description" or "$comment";

    private static CodePointDfa Pattern(SchemaPart part, string keyword, string pattern)
    {
        try
        {
            return RegexAutomaton.Search(pattern);
        }
        catch (GrammarException e) when (e.Location is null)
        {
            throw part.Error(keyword, e.Message);
        }
    }
}
