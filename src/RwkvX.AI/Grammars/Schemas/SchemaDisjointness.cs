using System.Text.Json;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// Proves that no value obeys two schemas, for <c>oneOf</c>: by types, given values, ranges, lengths, patterns, or a property that both know
/// and one demands. What cannot be proven is refused, as a value of one branch might break the rule by obeying another.
/// </summary>
internal sealed class SchemaDisjointness(SchemaReferences references)
{
    private const int MaxDepth = 8; // of properties within properties

    private readonly SchemaReferences _references = references;

    /// <exception cref="GrammarException">Two branches are not provably disjoint.</exception>
    public void Require(IReadOnlyList<SchemaPart> common, SchemaPart[] branches)
    {
        for (int i = 0; i < branches.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (AreDisjoint([.. common, branches[j]], [.. common, branches[i]], 0)) continue;
                throw new GrammarException(
                    $"the branches {j} and {i} of 'oneOf' are not provably disjoint; use 'anyOf', or give each a required property with a 'const' of its own",
                    branches[i].Pointer, "oneOf");
            }
        }
    }

    private bool AreDisjoint(IReadOnlyList<SchemaPart> left, IReadOnlyList<SchemaPart> right, int depth)
    {
        if (depth > MaxDepth) return false;
        List<SchemaFacts> rights = Leaves(right, depth);
        return Leaves(left, depth).All(l => rights.All(r => AreLeavesDisjoint(l, r, depth)));
    }

    /// <summary>The schemas with every anyOf and oneOf chosen; a oneOf is taken as an anyOf, which allows more.</summary>
    private List<SchemaFacts> Leaves(IReadOnlyList<SchemaPart> parts, int depth)
    {
        Conjunction conjunction = Conjunction.Of(parts, _references);
        if (conjunction.IsNever) return [];
        if (conjunction.Choices.Count == 0) return [SchemaFacts.Of(conjunction.Plain)];
        if (depth > MaxDepth) return [SchemaFacts.Of(conjunction.Plain)];
        return [.. conjunction.Combinations().SelectMany(combination => Leaves(combination, depth + 1))];
    }

    private bool AreLeavesDisjoint(SchemaFacts left, SchemaFacts right, int depth)
    {
        if (left.Values is { } values) return ObeyNone(values, left, right);
        if (right.Values is { } others) return ObeyNone(others, right, left);
        JsonTypes shared = left.Types & right.Types;
        return !HasAny(shared, JsonTypes.Null | JsonTypes.Boolean)
            && (!HasAny(shared, JsonTypes.Number) || left.Number.IsDisjointFrom(right.Number))
            && (!HasAny(shared, JsonTypes.String) || AreStringsDisjoint(left, right))
            && (!HasAny(shared, JsonTypes.Array) || AreArraysDisjoint(left, right, depth))
            && (!HasAny(shared, JsonTypes.Object) || AreObjectsDisjoint(left, right, depth));
    }

    private static bool HasAny(JsonTypes types, JsonTypes wanted) => (types & wanted) != 0;

    private bool ObeyNone(IReadOnlyList<JsonElement> values, SchemaFacts own, SchemaFacts other)
    {
        var evaluator = new SchemaEvaluator(_references, ignoresFormats: true);
        return !values.Any(value => own.Parts.Concat(other.Parts).All(part => evaluator.Accepts(part, value)));
    }

    private static bool AreStringsDisjoint(SchemaFacts left, SchemaFacts right) => left.Strings(patternsOnly: true).Intersect(right.Strings(patternsOnly: true)).IsEmpty;

    private bool AreArraysDisjoint(SchemaFacts left, SchemaFacts right, int depth)
    {
        if (MinItems(left) > MaxItems(right) || MinItems(right) > MaxItems(left)) return true;
        int both = Math.Min(Math.Max(MinItems(left), MinItems(right)), MaxDepth);
        return Enumerable.Range(0, both).Any(i => AreDisjoint(ElementsAt(left, i), ElementsAt(right, i), depth + 1));
    }

    private static int MinItems(SchemaFacts facts) => facts.Parts.Select(part => SchemaFacts.ReadCount(part, "minItems", 0)).Append(0).Max();

    private static int MaxItems(SchemaFacts facts) => facts.Parts.Select(part => SchemaFacts.ReadCount(part, "maxItems", int.MaxValue)).Append(int.MaxValue).Min();

    private static IReadOnlyList<SchemaPart> ElementsAt(SchemaFacts facts, int position) => [.. facts.Parts.SelectMany(part => part.Children("prefixItems") switch
    {
        var own when position < own.Length => [own[position]],
        _ when part.TryGet("items", out JsonElement items) => [part.Child(items, "items")],
        _ => (SchemaPart[])[],
    })];

    /// <summary>A property that one side demands and that cannot obey both.</summary>
    private bool AreObjectsDisjoint(SchemaFacts left, SchemaFacts right, int depth)
    {
        var leftNames = new PropertyNames(left.Parts);
        var rightNames = new PropertyNames(right.Parts);
        IEnumerable<string> demanded = left.Parts.Concat(right.Parts).SelectMany(ObjectSchema.RequiredNames).Distinct();
        return demanded.Any(name =>
            !leftNames.Allows(name) || !rightNames.Allows(name)
            || AreDisjoint(SchemasOf(left, leftNames, name), SchemasOf(right, rightNames, name), depth + 1));
    }

    private static IReadOnlyList<SchemaPart> SchemasOf(SchemaFacts facts, PropertyNames names, string name) =>
        [.. facts.Parts.SelectMany(part => names.SchemasOf(part, name))];
}
