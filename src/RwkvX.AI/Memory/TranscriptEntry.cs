using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>A document or a message, as it was given or answered.</summary>
/// <param name="Kind">Which of the two.</param>
/// <param name="Role">Who spoke: <c>user</c>, <c>assistant</c>, …; <c>document</c> for a document.</param>
/// <param name="Text">The whole text, verbatim.</param>
public sealed record TranscriptEntry(TranscriptKind Kind, string Role, string Text)
{
    /// <summary>The document's or the speaker's name, where there is one.</summary>
    public string? Name { get; init; }

    /// <summary>What the message holds besides its text, such as function calls, as JSON; null where that is nothing.</summary>
    public string? Contents { get; init; }

    /// <summary>The message that this was; a document is marked as one.</summary>
    public ChatMessage ToMessage() => MessageRecords.ToMessage(this);
}
