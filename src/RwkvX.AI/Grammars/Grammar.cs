using System.Text.Json;
using RwkvX.AI.Grammars.Automata;
using RwkvX.AI.Grammars.Patterns;
using RwkvX.AI.Grammars.Schemas;
using RwkvX.AI.Grammars.Texts;

namespace RwkvX.AI.Grammars;

/// <summary>
/// What a generated text must look like: compiled from a JSON schema, a text grammar or a regular expression, and good for any vocabulary.
/// Immutable and thread-safe; compile once and keep.
/// </summary>
public sealed class Grammar
{
    /// <summary>Levels of objects and arrays within each other that JSON may have; what System.Text.Json reads by default.</summary>
    public const int MaxJsonDepth = 64;

    /// <summary>Levels of recursion of a text grammar.</summary>
    public const int MaxTextDepth = 256;

    internal Grammar(GrammarProgram program) => Program = program;

    internal GrammarProgram Program { get; }

    /// <summary>
    /// JSON that a schema (draft 2020-12) accepts. Declared properties come in their order, optional ones may be left out;
    /// between tokens there is at most one space or newline.
    /// </summary>
    /// <exception cref="GrammarException">A keyword is not supported, named with its JSON pointer; or nothing satisfies the schema.</exception>
    public static Grammar FromJsonSchema(JsonElement schema) => new(SchemaCompiler.Compile(schema));

    /// <summary>Any JSON value; an object or array only, where <paramref name="objectOnly"/> says object.</summary>
    public static Grammar FromJson(bool objectOnly = true)
    {
        using JsonDocument schema = JsonDocument.Parse(objectOnly ? """{"type":"object"}""" : "true");
        return FromJsonSchema(schema.RootElement);
    }

    /// <summary>Texts that a regular expression (the common part of ECMAScript's and .NET's) matches from start to end.</summary>
    /// <exception cref="GrammarException">The expression is malformed or uses what is not regular (look-around, back references).</exception>
    public static Grammar FromRegex(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var rules = new GrammarRules();
        int start = rules.Add(new RuleDefinition("regex", CodePointLowering.ToText(RegexAutomaton.WholeMatch(pattern))));
        return new Grammar(RuleCompiler.Compile(rules, start, MaxTextDepth));
    }

    /// <summary>Texts of a grammar in the GBNF-like notation of docs/grammars.md; the start rule is <c>root</c>.</summary>
    /// <exception cref="GrammarException">The grammar is malformed, uses an undefined rule, or is left-recursive.</exception>
    public static Grammar FromText(string grammar)
    {
        ArgumentNullException.ThrowIfNull(grammar);
        return new Grammar(TextGrammarParser.Compile(grammar));
    }
}
