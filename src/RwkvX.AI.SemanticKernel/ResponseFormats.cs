using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.SemanticKernel;

/// <summary>The values of <c>response_format</c>, brought to the two forms that the kernel's mapper knows: a text or a schema as JSON.</summary>
internal static class ResponseFormats
{
    private const string Text = "text";
    private const string Json = "json_object";

    /// <summary>Gives null, <c>"text"</c>, <c>"json_object"</c> or a schema as a <see cref="JsonElement"/>.</summary>
    public static object? Normalize(object? format) => format switch
    {
        null or Text or Json => format,
        JsonElement { ValueKind: JsonValueKind.Null } => null,
        JsonElement { ValueKind: JsonValueKind.String } json => Normalize(json.GetString()),
        JsonElement { ValueKind: JsonValueKind.Object } => format,
        Type type => AIJsonUtilities.CreateJsonSchema(type),
        ChatResponseFormatText => Text,
        ChatResponseFormatJson json => json.Schema is { } schema ? schema : Json,
        _ => throw new ArgumentException($"response_format: expected '{Text}', '{Json}', a JSON schema or a type, found '{format}'", nameof(format)),
    };
}
