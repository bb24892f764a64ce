using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.SemanticKernel;

/// <summary>The id of a stored conversation, in the kernel's vocabulary and in <see cref="ChatOptions"/>.</summary>
internal static class ConversationIds
{
    /// <summary>Its name in execution settings and in the metadata of answers.</summary>
    public const string Key = "conversation_id";

    /// <summary>The kernel's mapper leaves names that it does not know among the additional properties.</summary>
    public static void MoveToOptions(ChatOptions options)
    {
        if (Find(options.AdditionalProperties) is not { } value) return;
        options.AdditionalProperties!.Remove(Key);
        string id = value as string ?? throw new ArgumentException($"{Key}: expected a text, found '{value}'", nameof(options));
        options.ConversationId ??= id;
    }

    /// <summary>Writes into an answer's message which conversation holds it.</summary>
    public static AdditionalPropertiesDictionary Mark(AdditionalPropertiesDictionary? properties, string id) => new(properties ?? []) { [Key] = id };

    /// <summary>The conversation that holds a message; null for none.</summary>
    public static string? Of(ChatMessage message) =>
        Find(message.AdditionalProperties) as string ?? message.Contents.Select(content => Find(content.AdditionalProperties) as string).FirstOrDefault(id => id is not null);

    private static object? Find(AdditionalPropertiesDictionary? properties)
    {
        object? value = null;
        properties?.TryGetValue(Key, out value);
        return value is JsonElement { ValueKind: JsonValueKind.String } json ? json.GetString() : value;
    }
}
