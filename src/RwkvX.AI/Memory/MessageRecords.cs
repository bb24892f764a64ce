using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Messages to and from what the log keeps of them.</summary>
internal static class MessageRecords
{
    private const string DocumentRole = "document";

    private static JsonTypeInfo<IList<AIContent>> ContentsType { get; } = (JsonTypeInfo<IList<AIContent>>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IList<AIContent>));

    /// <summary>A part of a document.</summary>
    public static TranscriptRecord OfDocument(string text, string? name, bool continues) =>
        new(TranscriptKind.Document, DocumentRole, text) { Name = name, Continues = continues };

    /// <summary>A message: its documents first, as they are read, then its text, with its other contents as JSON.</summary>
    public static IEnumerable<TranscriptRecord> Of(ChatMessage message)
    {
        MessageParts parts = MessageParts.TextOf(message);
        foreach (string document in parts.Documents) yield return OfDocument(document, null, continues: false);
        if (message.IsDocument())
        {
            yield return OfDocument(parts.Text, message.AuthorName, continues: false);
            yield break;
        }

        List<AIContent> others = [.. message.Contents.Where(content => content is not (TextContent or UsageContent or DataContent))];
        if (parts.Text.Length == 0 && others.Count == 0 && parts.Documents.Count > 0) yield break;
        yield return new TranscriptRecord(TranscriptKind.Message, message.Role.Value, parts.Text)
        {
            Name = message.AuthorName,
            Extra = others.Count == 0 ? null : JsonSerializer.Serialize(others, ContentsType),
        };
    }

    /// <summary>The transcript's entries, with what was logged in parts put together.</summary>
    public static List<TranscriptEntry> ToEntries(IEnumerable<LogRecord> records)
    {
        List<List<TranscriptRecord>> entries = [];
        foreach (TranscriptRecord record in records.OfType<TranscriptRecord>())
        {
            if (record.Continues && entries.Count > 0) entries[^1].Add(record);
            else entries.Add([record]);
        }

        return entries.ConvertAll(parts => new TranscriptEntry(parts[0].Kind, parts[0].Role, string.Concat(parts.Select(part => part.Text)))
        {
            Name = parts[0].Name,
            Contents = parts[0].Extra,
        });
    }

    /// <summary>The message that an entry came from, as far as a template can read it.</summary>
    public static ChatMessage ToMessage(TranscriptEntry entry)
    {
        if (entry.Kind == TranscriptKind.Document) return new ChatMessage(ChatRole.User, entry.Text) { AuthorName = entry.Name }.AsDocument();
        List<AIContent> contents = entry.Text.Length == 0 ? [] : [new TextContent(entry.Text)];
        if (entry.Contents is not null) contents.AddRange(JsonSerializer.Deserialize(entry.Contents, ContentsType) ?? []);
        return new ChatMessage(new ChatRole(entry.Role), contents) { AuthorName = entry.Name };
    }
}
