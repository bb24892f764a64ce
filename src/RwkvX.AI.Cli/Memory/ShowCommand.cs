using System.CommandLine;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory show</c>: what a conversation holds and where it lies.</summary>
internal static class ShowCommand
{
    private const long MostTokensRunAgain = 1024;

    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Option<bool> json = new("--json") { Description = "JSON instead of lines." };
        Verb command = new("show",
            "Show a conversation: tokens, bytes by tier, checkpoints, turns; where its pages lie, and which of them its latest tokens looked at (they are run again to see that).",
            """
            rwkvx memory show minutes
            rwkvx memory show minutes --json
            """) { memory.Name, json };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            ConversationStats stats = await store.StatAsync(memory.KeyOf(result), cancellationToken);
            PageUsage? pages = await PagesAsync(memory, result, store, cancellationToken);
            if (result.GetValue(json)) MemoryJson.Write(host.Out, MemoryJson.Of(stats, pages));
            else Write(host, stats, pages);
        });
        return command;
    }

    /// <summary>Null where the conversation is of another model: the rest can be shown all the same.</summary>
    private static async Task<PageUsage?> PagesAsync(MemoryArguments memory, ParseResult result, IStateStore store, CancellationToken cancellationToken)
    {
        using RwkvXChatClient client = memory.OpenClient(result, store);
        try
        {
            return await client.GetRequiredService<RwkvXMemory>().LookAgainAsync(memory.KeyOf(result), MostTokensRunAgain, cancellationToken);
        }
        catch (WrongModelException)
        {
            return null;
        }
    }

    private static void Write(CliHost host, ConversationStats stats, PageUsage? pages)
    {
        Report lines = new();
        lines.Add("name", $"{stats.Info.Key.Name}");
        lines.Add("tokens", $"{stats.Info.Head.Tokens}");
        lines.Add("turns", $"{stats.Info.Turns}");
        lines.Add("documents", $"{stats.Info.Documents}");
        lines.Add("messages", $"{stats.Info.Messages}");
        lines.Add("bytes on disk", $"{stats.LogBytes + stats.StateBytes + stats.PageBytes} (log {stats.LogBytes}, states {stats.StateBytes}, pages {stats.PageBytes})");
        lines.Add("bytes shared", $"{stats.SharedBytes}");
        lines.Add("retention", $"{MemoryJson.PolicyOf(stats)}, {stats.DroppedPages} pages dropped ({stats.DroppedBytes} bytes)");
        foreach (CheckpointInfo checkpoint in stats.Checkpoints) lines.Add("checkpoint", $"{checkpoint.Label} at {checkpoint.Position.Tokens}");
        lines.Add("states at", $"{string.Join(", ", stats.Snapshots.Select(position => position.Tokens))}");
        lines.Write(host);
        if (pages is null) return;
        if (host.IsOutTerminal) PagePicture.Write(host.Out, pages);
        else PagePicture.WritePlain(host.Out, pages);
    }
}
