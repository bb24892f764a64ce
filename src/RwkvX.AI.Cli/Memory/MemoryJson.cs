using System.Text.Encodings.Web;
using System.Text.Json;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary>Conversations as JSON.</summary>
internal static class MemoryJson
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a value and ends the line.</summary>
    public static void Write(TextWriter output, object value) => output.WriteLine(JsonSerializer.Serialize(value, Options));

    /// <summary>What is known of a conversation without reading it.</summary>
    public static object Of(ConversationInfo info) => new
    {
        name = info.Key.Name,
        tenant = info.Key.Tenant,
        tokens = info.Head.Tokens,
        turns = info.Turns,
        documents = info.Documents,
        messages = info.Messages,
        created = info.Created,
        expires = info.Expires,
        sharedWith = info.SharedWith,
    };

    /// <summary>The policy that a conversation was kept under: the last one that dropped anything.</summary>
    public static RetentionPolicy PolicyOf(ConversationStats stats) => stats.DropBudget is { } bytes ? RetentionPolicy.KeepBudget(bytes) : RetentionPolicy.KeepAll;

    /// <summary>Everything about a conversation.</summary>
    /// <param name="stats">What it holds.</param>
    /// <param name="pages">What its latest tokens looked at; null where that is not known.</param>
    public static object Of(ConversationStats stats, PageUsage? pages) => new
    {
        name = stats.Info.Key.Name,
        tenant = stats.Info.Key.Tenant,
        tokens = stats.Info.Head.Tokens,
        turns = stats.Info.Turns,
        documents = stats.Info.Documents,
        messages = stats.Info.Messages,
        created = stats.Info.Created,
        expires = stats.Info.Expires,
        model = stats.Info.Binding.Model,
        bytes = new
        {
            memory = pages?.BytesIn(PageLocation.Memory) ?? 0,
            device = pages?.BytesIn(PageLocation.Device) ?? 0,
            disk = stats.LogBytes + stats.StateBytes + stats.PageBytes,
            log = stats.LogBytes,
            states = stats.StateBytes,
            pages = stats.PageBytes,
            shared = stats.SharedBytes,
        },
        retention = new { policy = PolicyOf(stats).Name, budgetBytes = stats.DropBudget, droppedPages = stats.DroppedPages, droppedBytes = stats.DroppedBytes },
        checkpoints = stats.Checkpoints.Select(checkpoint => new { label = checkpoint.Label, tokens = checkpoint.Position.Tokens }),
        states = stats.Snapshots.Select(position => position.Tokens),
        looks = pages?.Layers.Select(layer => layer.Select((page, chunk) => (page, chunk)).Where(entry => entry.page.Looks > 0)
            .Select(entry => new { chunk = entry.chunk, count = entry.page.Looks })),
    };
}
