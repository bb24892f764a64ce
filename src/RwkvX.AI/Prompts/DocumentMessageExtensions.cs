using System.Text.Json;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Prompts;

/// <summary>Marks messages whose text is a document to be read, not a turn of the conversation.</summary>
public static class DocumentMessageExtensions
{
    /// <summary>The key in <see cref="ChatMessage.AdditionalProperties"/> that carries the mark, with the value true.</summary>
    public const string DocumentKey = "rwkvx.document";

    /// <summary>A copy of a message, marked as a document: it is rendered before the next turn, with its blank lines kept.</summary>
    /// <param name="message">The message; stays as it is.</param>
    /// <example><code>messages.Add(new ChatMessage(ChatRole.User, File.ReadAllText("minutes.txt")).AsDocument());</code></example>
    public static ChatMessage AsDocument(this ChatMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        ChatMessage document = message.Clone();
        document.AdditionalProperties = message.AdditionalProperties is null ? [] : new(message.AdditionalProperties);
        document.AdditionalProperties[DocumentKey] = true;
        return document;
    }

    /// <summary>Whether a message is marked by <see cref="AsDocument"/>, also after it went through JSON.</summary>
    /// <param name="message">The message.</param>
    public static bool IsDocument(this ChatMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        object? mark = null;
        message.AdditionalProperties?.TryGetValue(DocumentKey, out mark);
        return mark is true or JsonElement { ValueKind: JsonValueKind.True };
    }
}
