using System.Text.Json;
using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>Arrays: elements with schemas of their own first, then any number of equal ones within bounds.</summary>
internal sealed class ArraySchema(SchemaCompiler compiler, IReadOnlyList<SchemaPart> parts)
{
    private readonly SchemaCompiler _compiler = compiler;
    private readonly IReadOnlyList<SchemaPart> _parts = parts;

    public Expression Compile()
    {
        int min = _parts.Select(part => SchemaFacts.ReadCount(part, "minItems", 0)).Append(0).Max();
        int max = _parts.Select(part => SchemaFacts.ReadCount(part, "maxItems", Machine.Item.Unbounded)).Append(Machine.Item.Unbounded).Min();
        RefuseUnique(max);
        if (min > max) return Expression.Never;
        int prefix = _parts.Select(part => part.Children("prefixItems").Length).Append(0).Max();
        List<Expression.Arc> arcs = [];
        int final = prefix + 1; // node i: after i elements
        for (int i = 0; i <= prefix && i <= max; i++)
        {
            if (i >= min) arcs.Add(new Expression.Arc(i, i == 0 ? Expression.Empty : JsonSyntax.Space, final));
            Expression separator = i == 0 ? Expression.Empty : JsonSyntax.Comma;
            if (i < prefix && i < max) arcs.Add(new Expression.Arc(i, Expression.Of(separator, Element(i)), i + 1));
        }

        if (prefix < max) arcs.Add(new Expression.Arc(prefix, Expression.Of(prefix == 0 ? Expression.Empty : JsonSyntax.Comma, Rest(prefix, min, max), JsonSyntax.Space), final));
        Expression body = Expression.Of(Expression.Text("["), JsonSyntax.Space, new Expression.Network(final + 1, arcs), Expression.Text("]"));
        return new Expression.Call(_compiler.Rules.Add(new RuleDefinition(Name, body, Nests: true)));
    }

    private string Name => _parts.Count == 0 ? "any array" : _parts[0].Pointer + " (array)";

    private Expression.Call Rest(int prefix, int min, int max)
    {
        int rule = _compiler.Rules.Add(new RuleDefinition(Name + " elements", Element(prefix), IsLoop: true, Separator: JsonSyntax.Comma));
        return new Expression.Call(rule, Math.Max(1, min - prefix), max == Machine.Item.Unbounded ? max : max - prefix);
    }

    /// <summary>The element at a position: of each schema its own for the position, or the one for the rest.</summary>
    private Expression Element(int position)
    {
        List<SchemaPart> schemas = [];
        foreach (SchemaPart part in _parts)
        {
            SchemaPart[] own = part.Children("prefixItems");
            if (position < own.Length) schemas.Add(own[position]);
            else if (part.TryGet("items", out JsonElement items)) schemas.Add(part.Child(items, "items"));
        }

        return _compiler.Compile(schemas);
    }

    private void RefuseUnique(int max)
    {
        foreach (SchemaPart part in _parts)
        {
            if (max > 1 && part.TryGet("uniqueItems", out JsonElement unique) && unique.ValueKind == JsonValueKind.True)
                throw part.Error("uniqueItems", "the keyword 'uniqueItems' is not supported for arrays of more than one element");
        }
    }
}
