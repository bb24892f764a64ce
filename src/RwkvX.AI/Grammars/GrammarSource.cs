using System.Text.Json;

namespace RwkvX.AI.Grammars;

/// <summary>What a grammar is written in.</summary>
internal enum GrammarNotation
{
    /// <summary>A JSON schema.</summary>
    JsonSchema,

    /// <summary>A regular expression that matches the whole text.</summary>
    Regex,

    /// <summary>The notation of <see cref="Grammar.FromText"/>.</summary>
    Text,
}

/// <summary>A grammar before it is compiled; equal sources give equal grammars.</summary>
/// <param name="Notation">What it is written in.</param>
/// <param name="Text">The schema, expression or grammar.</param>
internal sealed record GrammarSource(GrammarNotation Notation, string Text)
{
    /// <summary>Any JSON object.</summary>
    public static GrammarSource AnyObject { get; } = new(GrammarNotation.JsonSchema, """{"type":"object"}""");

    /// <summary>The schema as a document.</summary>
    /// <exception cref="InvalidOperationException">The source is no schema.</exception>
    public JsonElement Schema => Notation == GrammarNotation.JsonSchema
        ? JsonDocument.Parse(Text).RootElement
        : throw new InvalidOperationException($"expected a JSON schema, found a grammar in the notation {Notation}");

    /// <summary>Compiles it.</summary>
    /// <exception cref="GrammarException">It is malformed, or says what cannot be followed.</exception>
    public Grammar Compile() => Notation switch
    {
        GrammarNotation.JsonSchema => Grammar.FromJsonSchema(Schema),
        GrammarNotation.Regex => Grammar.FromRegex(Text),
        _ => Grammar.FromText(Text),
    };
}
