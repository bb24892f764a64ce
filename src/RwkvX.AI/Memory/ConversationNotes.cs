using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>What a turn must know of those before it: what was said of which it would otherwise say again.</summary>
/// <param name="Instructions">The instructions read last; empty for none.</param>
/// <param name="Tools">The declaration of functions read last; empty for none.</param>
/// <param name="Answer">The last answer, whose calls results refer to; null for none.</param>
internal sealed record ConversationNotes(string Instructions, string Tools, ChatMessage? Answer)
{
    /// <summary>The author of a message that holds an agent's instructions.</summary>
    public const string InstructionsName = "instructions";

    /// <summary>The author of a message that declares functions.</summary>
    public const string ToolsName = "tools";

    /// <summary>Of an empty conversation.</summary>
    public static ConversationNotes None { get; } = new("", "", null);

    /// <summary>After more records.</summary>
    public ConversationNotes After(IEnumerable<LogRecord> records)
    {
        ConversationNotes notes = this;
        foreach (TranscriptRecord record in records.OfType<TranscriptRecord>().Where(record => record.Kind == TranscriptKind.Message))
        {
            notes = record switch
            {
                { Role: "system", Name: InstructionsName } => notes with { Instructions = record.Text },
                { Role: "system", Name: ToolsName } => notes with { Tools = record.Text },
                { Role: "assistant" } => notes with { Answer = MessageRecords.ToMessage(MessageRecords.ToEntries([record])[0]) },
                _ => notes,
            };
        }

        return notes;
    }
}
