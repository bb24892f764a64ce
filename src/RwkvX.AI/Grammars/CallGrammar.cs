using System.Text.Json;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Schemas;

namespace RwkvX.AI.Grammars;

/// <summary>
/// A function that may be called, for a grammar.
/// </summary>
/// <param name="Name">The function's name.</param>
/// <param name="Parameters">The JSON schema of its arguments, an object.</param>
internal readonly record struct CallableFunction(string Name, JsonElement Parameters);

/// <summary>What calls of functions must look like: <c>open {"name": …, "arguments": {…}} close</c>, once or several times.</summary>
/// <param name="Open">What stands before the JSON of a call.</param>
/// <param name="Close">What stands after it.</param>
/// <param name="Functions">The functions that may be called.</param>
internal sealed record CallGrammar(string Open, string Close, IReadOnlyList<CallableFunction> Functions)
{
    private static readonly JsonElement Object = JsonDocument.Parse("""{"type":"object"}""").RootElement;
    private static readonly JsonElement Empty = JsonDocument.Parse("""{"type":"object","additionalProperties":false}""").RootElement;
    private static readonly string[] Annotations = ["type", "title", "description", "$schema", "$id", "$comment", "$defs", "definitions", "default", "examples"];

    /// <summary>Whether more than one call may come.</summary>
    public bool AllowsMany { get; init; }

    /// <summary>Whether the first call's opening mark stands before the grammar's text.</summary>
    public bool IsOpened { get; init; }

    /// <summary>A schema that the text may obey instead of being a call; null: it must be one.</summary>
    public JsonElement? Answer { get; init; }

    /// <summary>Equal keys give equal grammars.</summary>
    public string Key => string.Join(
        '\u0001',
        [Open, Close, $"{AllowsMany} {IsOpened}", Answer?.GetRawText() ?? "", .. Functions.SelectMany(function => (string[])[function.Name, function.Parameters.GetRawText()])]);

    /// <summary>Compiles it.</summary>
    /// <exception cref="GrammarException">A function's schema says what cannot be followed; the message names the function.</exception>
    public Grammar Compile()
    {
        var rules = new GrammarRules();
        // A rule that nests, like the object that it is: parsers count its level too.
        int call = rules.Add(new RuleDefinition("call", new Expression.Choice([.. Functions.Select(function => Body(function, rules))]), Nests: true));
        Expression opened = Expression.Of(JsonSyntax.Space, new Expression.Call(call), JsonSyntax.Space, Expression.Text(Close));
        Expression further = Expression.Of(JsonSyntax.Space, Expression.Text(Open), opened);
        Expression text = Expression.Of(IsOpened ? opened : further, AllowsMany ? Expression.Star(further) : Expression.Empty);
        if (Answer is { } answer) text = Expression.Any(text, Expression.Of(JsonSyntax.Space, SchemaCompiler.Compile(answer, rules)));
        int start = rules.Add(new RuleDefinition("calls", text));
        return new Grammar(RuleCompiler.Compile(rules, start, Grammar.MaxJsonDepth));
    }

    private static Expression Body(CallableFunction function, GrammarRules rules)
    {
        try
        {
            return Expression.Of(
                Expression.Text("{"), JsonSyntax.Space, Expression.Text("\"name\""), JsonSyntax.Colon, Expression.Text(JsonSyntax.Quoted(function.Name)),
                JsonSyntax.Comma, Expression.Text("\"arguments\""), JsonSyntax.Colon, SchemaCompiler.Compile(HasParameters(function.Parameters) ? function.Parameters : Empty, rules, Object),
                JsonSyntax.Space, Expression.Text("}"));
        }
        catch (GrammarException e)
        {
            throw new GrammarException($"the function {function.Name}", e);
        }
    }

    /// <summary>Whether a schema says anything about members: a function of which nothing is known takes none, rather than any.</summary>
    private static bool HasParameters(JsonElement schema) => schema.ValueKind == JsonValueKind.Object && schema.EnumerateObject().Any(keyword =>
        !Annotations.Contains(keyword.Name) && keyword.Value is not { ValueKind: JsonValueKind.False }
        && !(keyword is { Name: "properties", Value.ValueKind: JsonValueKind.Object } && !keyword.Value.EnumerateObject().Any())
        && !(keyword is { Name: "required", Value.ValueKind: JsonValueKind.Array } && keyword.Value.GetArrayLength() == 0));
}
