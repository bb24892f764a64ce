using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Grammars;

namespace RwkvX.AI.Chat;

/// <summary>Finds in options what an answer's text must look like.</summary>
internal static class AnswerFormat
{
    /// <summary>The key of a text grammar among the additional properties.</summary>
    public const string GrammarKey = "grammar";

    /// <summary>The key of a regular expression among the additional properties.</summary>
    public const string RegexKey = "regex";

    /// <summary>The grammar that the options ask for; null for free text.</summary>
    /// <exception cref="ArgumentException">They ask for more than one, or for a grammar beside functions that may be called.</exception>
    /// <exception cref="NotSupportedException">The response format is of an unknown kind.</exception>
    public static GrammarSource? Of(ChatOptions options, RwkvXGenerationOptions? raw)
    {
        (string Name, GrammarSource? Source)[] all =
        [
            ("ResponseFormat", OfResponse(options.ResponseFormat)),
            (GrammarKey, Source(GrammarNotation.Text, Text(options, GrammarKey) ?? raw?.Grammar)),
            (RegexKey, Source(GrammarNotation.Regex, Text(options, RegexKey) ?? raw?.Regex)),
        ];
        (string Name, GrammarSource? Source)[] found = [.. all.Where(one => one.Source is not null)];
        if (found.Length > 1)
        {
            throw new ArgumentException($"expected one form of the answer, found {string.Join(" and ", found.Select(one => one.Name))}", nameof(options));
        }

        bool mayCall = options.Tools is { Count: > 0 } && options.ToolMode is null or AutoChatToolMode;
        return found is [{ Source.Notation: not GrammarNotation.JsonSchema } grammar] && mayCall
            ? throw new ArgumentException($"{grammar.Name}: expected no Tools beside it that may be called, found {options.Tools!.Count}", nameof(options))
            : found.FirstOrDefault().Source;
    }

    private static GrammarSource? OfResponse(ChatResponseFormat? format) => format switch
    {
        null or ChatResponseFormatText => null,
        ChatResponseFormatJson { Schema: null } => GrammarSource.AnyObject,
        ChatResponseFormatJson { Schema: { } schema } => new GrammarSource(GrammarNotation.JsonSchema, schema.GetRawText()),
        _ => throw new NotSupportedException($"ResponseFormat: expected text or JSON, found {format.GetType().Name}"),
    };

    private static GrammarSource? Source(GrammarNotation notation, string? text) => text is null ? null : new GrammarSource(notation, text);

    private static string? Text(ChatOptions options, string key)
    {
        object? value = null;
        options.AdditionalProperties?.TryGetValue(key, out value);
        return value switch
        {
            null => null,
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
            _ => throw new ArgumentException($"{key}: expected a text, found '{value}'", nameof(options)),
        };
    }
}
