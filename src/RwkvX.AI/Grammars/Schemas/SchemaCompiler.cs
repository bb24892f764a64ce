using System.Text;
using System.Text.Json;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Patterns;

namespace RwkvX.AI.Grammars.Schemas;

/// <summary>
/// Turns JSON schemas into grammars. What is written is a part of what the schema accepts, never more: properties in their declared order,
/// undeclared ones only where the schema asks for them, given values in one spelling.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxMinLength = 65_536;

    private readonly Dictionary<string, Expression> _known = [];
    private readonly Lazy<int> _characters;

    private SchemaCompiler(JsonElement root, GrammarRules rules)
    {
        Rules = rules;
        References = new SchemaReferences(root);
        _characters = new(() => Rules.Add(new RuleDefinition("characters", JsonSyntax.Character, IsLoop: true)));
    }

    public GrammarRules Rules { get; }

    public SchemaReferences References { get; }

    public static GrammarProgram Compile(JsonElement schema)
    {
        var rules = new GrammarRules();
        int start = rules.Add(new RuleDefinition("json", Expression.Of(JsonSyntax.Space, Compile(schema, rules))));
        return RuleCompiler.Compile(rules, start, Grammar.MaxJsonDepth);
    }

    /// <summary>Values that a schema accepts, as part of a larger grammar.</summary>
    /// <param name="schema">The schema; its references lead into itself.</param>
    /// <param name="rules">Where its rules go.</param>
    /// <param name="others">Further schemas that must hold.</param>
    public static Expression Compile(JsonElement schema, GrammarRules rules, params IEnumerable<JsonElement> others)
    {
        JsonElement root = schema.Clone(); // the caller's document may be disposed of
        SchemaTexts.Check(new SchemaPart(root, "#"));
        var compiler = new SchemaCompiler(root, rules);
        return compiler.Compile([new SchemaPart(root, "#"), .. others.Select((other, i) => new SchemaPart(other, $"(added {i})"))]);
    }

    /// <summary>Values of which all the schemas hold. Equal schemas share a rule, which is also what makes recursion end.</summary>
    public Expression Compile(IReadOnlyList<SchemaPart> parts)
    {
        Conjunction conjunction = Conjunction.Of(parts, References);
        if (conjunction.IsNever) return Expression.Never;
        string key = Key(conjunction);
        if (_known.TryGetValue(key, out Expression? known)) return known;
        int rule = Rules.Declare(parts.Count == 0 ? "any value" : parts[0].Pointer);
        _known.Add(key, new Expression.Call(rule));
        Expression body = conjunction.Choices.Count > 0 ? CompileChoices(conjunction) : CompilePlain(SchemaFacts.Of(conjunction.Plain));
        Rules.Define(rule, new RuleDefinition(parts.Count == 0 ? "any value" : parts[0].Pointer, body));
        return _known[key];
    }

    private static string Key(Conjunction conjunction)
    {
        var key = new StringBuilder();
        foreach (SchemaPart part in conjunction.Plain) key.Append(part.Element.GetRawText()).Append('\u0001');
        foreach ((SchemaPart[] branches, bool isOneOf) in conjunction.Choices)
        {
            key.Append(isOneOf ? '\u0002' : '\u0003');
            foreach (SchemaPart branch in branches) key.Append(branch.Element.GetRawText()).Append('\u0001');
        }

        return key.ToString();
    }

    private Expression.Choice CompileChoices(Conjunction conjunction)
    {
        foreach ((SchemaPart[] branches, bool isOneOf) in conjunction.Choices)
        {
            if (isOneOf) new SchemaDisjointness(References).Require(conjunction.Plain, branches);
        }

        return new Expression.Choice([.. conjunction.Combinations().Select(Compile)]);
    }

    private Expression.Choice CompilePlain(SchemaFacts facts)
    {
        if (facts.Values is { } values) return CompileValues(facts, values);
        List<Expression> options = [];
        foreach (JsonTypes type in (JsonTypes[])[JsonTypes.Null, JsonTypes.Boolean, JsonTypes.Integer, JsonTypes.String, JsonTypes.Array, JsonTypes.Object])
        {
            if (facts.Written.HasFlag(type)) options.Add(CompileType(facts, type));
        }

        return new Expression.Choice(options);
    }

    private Expression.Choice CompileValues(SchemaFacts facts, IReadOnlyList<JsonElement> values)
    {
        var evaluator = new SchemaEvaluator(References);
        return new Expression.Choice([.. values
            .Where(value => facts.Parts.All(part => evaluator.Accepts(part, value)))
            .Select(value => Expression.Text(JsonSyntax.Write(value)))]);
    }

    private Expression CompileType(SchemaFacts facts, JsonTypes type) => type switch
    {
        JsonTypes.Null => facts.Denied.Denies(JsonValueKind.Null) ? Expression.Never : Expression.Text("null"),
        JsonTypes.Boolean => new Expression.Choice([.. ((JsonValueKind[])[JsonValueKind.True, JsonValueKind.False])
            .Where(kind => !facts.Denied.Denies(kind)).Select(kind => Expression.Text(kind == JsonValueKind.True ? "true" : "false"))]),
        JsonTypes.Integer => Shared($"number {facts.Number} {facts.Written & JsonTypes.Number} {(facts.Denied.HasNumbers ? facts.Denied.Key : "")}", () => CompileNumber(facts)),
        JsonTypes.String => Shared($"string {facts.StringKey}", () => CompileString(facts)),
        JsonTypes.Array => new ArraySchema(this, facts.Parts).Compile(),
        _ => new ObjectSchema(this, facts.Parts).Compile(),
    };

    /// <summary>A rule that all equal uses call, so that their masks are shared too.</summary>
    private Expression Shared(string key, Func<Expression> body)
    {
        if (_known.TryGetValue(key, out Expression? known)) return known;
        return _known[key] = new Expression.Call(Rules.Add(new RuleDefinition(key, body())));
    }

    private static Expression CompileNumber(SchemaFacts facts)
    {
        try
        {
            return CodePointLowering.ToText(facts.Denied.LeaveNumbers(NumberAutomaton.Build(facts.Number, !facts.Types.HasFlag(JsonTypes.Fraction))));
        }
        catch (GrammarException e) when (e.Location is null)
        {
            SchemaPart part = facts.Parts.First(part => part.TryGet("multipleOf", out _));
            throw part.Error("multipleOf", e.Message);
        }
    }

    private Expression CompileString(SchemaFacts facts)
    {
        if (facts.MaxLength >= 0 && facts.MinLength > facts.MaxLength) return Expression.Never;
        if (facts.MinLength > MaxMinLength) throw facts.Parts.First(part => part.TryGet("minLength", out _)).Error("minLength", $"more than {MaxMinLength} is not supported");
        Expression body = facts switch
        {
            { HasStringRules: true } => CodePointLowering.ToJsonString(facts.WrittenStrings()),
            { MinLength: 0, MaxLength: < 0 } => Expression.Star(JsonSyntax.Character),
            _ => new Expression.Call(_characters.Value, facts.MinLength, facts.MaxLength < 0 ? Machine.Item.Unbounded : facts.MaxLength),
        };
        return Expression.Of(JsonSyntax.Quote, body, JsonSyntax.Quote);
    }
}
