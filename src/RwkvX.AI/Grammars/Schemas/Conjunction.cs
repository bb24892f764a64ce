using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// Schemas that must hold together, with references and <c>allOf</c> opened up: the plain rest of each, and the choices among branches that are left.
/// </summary>
internal sealed class Conjunction
{
    private const int MaxCombinations = 1024;

    private readonly SchemaReferences _references;
    private readonly List<string> _openReferences = [];

    private Conjunction(SchemaReferences references) => _references = references;

    /// <summary>Without <c>$ref allOf anyOf oneOf</c>.</summary>
    public List<SchemaPart> Plain { get; } = [];

    /// <summary>Of each, one branch must hold (of a oneOf exactly one).</summary>
    public List<(SchemaPart[] Branches, bool IsOneOf)> Choices { get; } = [];

    /// <summary>Whether one of the schemas is <c>false</c>.</summary>
    public bool IsNever { get; private set; }

    public static Conjunction Of(IEnumerable<SchemaPart> parts, SchemaReferences references)
    {
        var conjunction = new Conjunction(references);
        foreach (SchemaPart part in parts) conjunction.Add(part);
        return conjunction;
    }

    /// <summary>All ways to choose one branch of each choice, together with the plain parts.</summary>
    public List<List<SchemaPart>> Combinations()
    {
        List<List<SchemaPart>> combinations = [[.. Plain]];
        foreach ((SchemaPart[] branches, _) in Choices)
        {
            if (combinations.Count * branches.Length > MaxCombinations)
                throw new GrammarException($"anyOf and oneOf combine to more than {MaxCombinations} branches", branches[0].Pointer);
            combinations = [.. combinations.SelectMany(taken => branches.Select(branch => new List<SchemaPart>([.. taken, branch])))];
        }

        return combinations;
    }

    private void Add(SchemaPart part)
    {
        if (part.IsPlain)
        {
            AddPlain(part);
            return;
        }

        SchemaKeywords.Check(part);
        IsNever |= part.Element.ValueKind == JsonValueKind.False;
        if (part.Element.ValueKind != JsonValueKind.Object) return;
        if (SchemaKeywords.HasOwn(part)) AddPlain(part with { IsPlain = true });
        if (part.TryGet("$ref", out _)) AddReference(part);
        foreach (SchemaPart child in part.Children("allOf")) Add(child);
        if (part.TryGet("anyOf", out _)) Choices.Add((part.Children("anyOf"), false));
        if (part.TryGet("oneOf", out _)) Choices.Add((part.Children("oneOf"), true));
    }

    /// <summary>Once each: a schema met again over another road says nothing new.</summary>
    private void AddPlain(SchemaPart part)
    {
        if (!Plain.Any(known => known.Pointer == part.Pointer)) Plain.Add(part);
    }

    private void AddReference(SchemaPart part)
    {
        SchemaPart target = _references.Resolve(part);
        if (_openReferences.Contains(target.Pointer)) throw part.Error("$ref", $"'{target.Pointer}' refers to itself without anything between");
        _openReferences.Add(target.Pointer);
        Add(target);
        _openReferences.RemoveAt(_openReferences.Count - 1);
    }
}
