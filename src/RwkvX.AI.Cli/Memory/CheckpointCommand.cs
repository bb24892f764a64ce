using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory checkpoint</c>: a label for where a conversation stands.</summary>
internal static class CheckpointCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> label = new("LABEL") { Description = "The label; used again, it means the later place." };
        Verb command = new("checkpoint", "Label where a conversation stands, to rewind to or fork from.",
            "rwkvx memory checkpoint minutes read") { memory.Name, label };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            await using IConversationWriter writer = await MemoryArguments.LeaseAsync(store, memory.KeyOf(result), cancellationToken);
            LogPosition head = await writer.AppendAsync([new CheckpointRecord(result.GetRequiredValue(label))], cancellationToken);
            Report lines = new();
            lines.Add("checkpoint", $"{result.GetRequiredValue(label)} at {head.Tokens} tokens");
            lines.Write(host);
        });
        return command;
    }
}
