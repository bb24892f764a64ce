using System.Text;
using System.Text.Json;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// Objects: declared properties in their order, optional ones left out at will, then, where the schema asks for them, properties with free
/// names, each name at most once.
/// </summary>
internal sealed class ObjectSchema
{
    // An optional property may follow every one before it, so their automaton grows with the square of their number.
    private const int MaxOptional = 1000, MaxNodes = 50_000;

    private readonly SchemaCompiler _compiler;
    private readonly IReadOnlyList<SchemaPart> _parts;
    private readonly PropertyNames _names;
    private readonly List<string> _declared;
    private readonly HashSet<string> _required;
    private readonly int _min, _max;

    public ObjectSchema(SchemaCompiler compiler, IReadOnlyList<SchemaPart> parts)
    {
        _compiler = compiler;
        _parts = parts;
        _names = new PropertyNames(parts);
        _required = [.. parts.SelectMany(RequiredNames)];
        _declared = [.. parts.SelectMany(part => part.Members("properties").Select(member => member.Name)).Concat(parts.SelectMany(RequiredNames)).Distinct()];
        _min = parts.Select(part => SchemaFacts.ReadCount(part, "minProperties", 0)).Append(0).Max();
        _max = parts.Select(part => SchemaFacts.ReadCount(part, "maxProperties", int.MaxValue)).Append(int.MaxValue).Min();
    }

    public Expression Compile()
    {
        if (_required.Any(name => !_names.Allows(name))) return Expression.Never;
        if (_declared.Count - _required.Count > MaxOptional)
            throw _parts.First(part => part.TryGet("properties", out _)).Error("properties", $"more than {MaxOptional:N0} optional properties are not supported");
        Expression body = Expression.Of(Expression.Text("{"), JsonSyntax.Space, Members(), Expression.Text("}"));
        return new Expression.Call(_compiler.Rules.Add(new RuleDefinition(Name, body, Nests: true)));
    }

    private string Name => _parts.Count == 0 ? "any object" : _parts[0].Pointer + " (object)";

    /// <summary>Names that an object must have.</summary>
    public static IEnumerable<string> RequiredNames(SchemaPart part) => part.TryGet("required", out JsonElement names)
        ? names.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : throw part.Error("required", "must hold strings"))
        : [];

    /// <summary>The graph of members: where in the order, whether one was written, how many (only where their number is bounded).</summary>
    private Expression.Network Members()
    {
        bool counts = _min > _required.Count || _max < _declared.Count || (_max < int.MaxValue && _names.AreOpen(_declared.Count, _min));
        Dictionary<(int At, bool Any, bool Inside, int Count), int> nodes = [];
        List<Expression.Arc> arcs = [];
        Queue<(int At, bool Any, bool Inside, int Count)> open = [];
        int NodeOf((int At, bool Any, bool Inside, int Count) node)
        {
            if (nodes.TryGetValue(node, out int number)) return number;
            if (nodes.Count >= MaxNodes) throw _parts[0].Error("properties", "too many of them to be counted for minProperties or maxProperties");
            nodes.Add(node, nodes.Count);
            open.Enqueue(node);
            return nodes.Count - 1;
        }

        NodeOf((0, false, false, 0));
        List<(int From, Expression Label)> ends = [];
        while (open.TryDequeue(out var node))
        {
            int from = nodes[node];
            if (node.Inside)
            {
                arcs.Add(new Expression.Arc(from, Property(_declared[node.At]), NodeOf((node.At + 1, true, false, counts ? node.Count + 1 : 0))));
                continue;
            }

            Expression separator = node.Any ? JsonSyntax.Comma : Expression.Empty;
            if (node.At == _declared.Count)
            {
                if (!counts || node.Count >= _min) ends.Add((from, node.Any ? JsonSyntax.Space : Expression.Empty));
                if (Free(counts ? node.Count : _required.Count) is { } free) ends.Add((from, Expression.Of(separator, free, JsonSyntax.Space)));
                continue;
            }

            if (node.Count < _max) arcs.Add(new Expression.Arc(from, separator, NodeOf(node with { Inside = true })));
            if (!_required.Contains(_declared[node.At])) arcs.Add(new Expression.Arc(from, Expression.Empty, NodeOf(node with { At = node.At + 1 })));
        }

        arcs.AddRange(ends.Select(end => new Expression.Arc(end.From, end.Label, nodes.Count)));
        return new Expression.Network(nodes.Count + 1, arcs);
    }

    private Expression Property(string name)
    {
        if (!_names.Allows(name)) return Expression.Never;
        return Expression.Of(Expression.Text(JsonSyntax.Quoted(name)), JsonSyntax.Colon, _compiler.Compile([.. _parts.SelectMany(part => _names.SchemasOf(part, name))]));
    }

    /// <summary>Members with free names after some declared ones; null where there can be none.</summary>
    private Expression.Call? Free(int count)
    {
        int max = Math.Min(KeyEndings.MaxKeys, _max - count);
        if (max <= 0 || _min - count > max || !_names.AreOpen(_declared.Count, _min)) return null;
        _freeRule ??= _compiler.Rules.Add(new RuleDefinition(Name + " members", FreeMember(), true, JsonSyntax.Comma, UsedKeys: UsedKeys()));
        return new Expression.Call(_freeRule.Value, Math.Max(1, _min - count), max);
    }

    private int? _freeRule;

    private Expression.Choice FreeMember() => new([.. _names.FreeNames().Select(free => Expression.Of(
        JsonSyntax.Quote,
        new Expression.Key(CodePointLowering.ToPropertyName(free.Names)),
        JsonSyntax.Quote,
        JsonSyntax.Colon,
        _compiler.Compile(free.Schemas)))]);

    private IReadOnlyList<byte[]> UsedKeys() => [.. _declared.Select(name => Encoding.UTF8.GetBytes(name))];
}
