using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory rewind</c>: back to a label.</summary>
internal static class RewindCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> label = new("LABEL") { Description = "A checkpoint of the conversation." };
        Verb command = new("rewind", "Go back to a checkpoint. What came after it is no part of the conversation any more.",
            "rwkvx memory rewind minutes read") { memory.Name, label };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            await using IConversationWriter writer = await MemoryArguments.LeaseAsync(store, memory.KeyOf(result), cancellationToken);
            LogPosition head = await writer.RewindAsync(result.GetRequiredValue(label), cancellationToken);
            Report lines = new();
            lines.Add("rewound", $"to {head.Tokens} tokens");
            lines.Write(host);
        });
        return command;
    }
}
