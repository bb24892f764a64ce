using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory import</c>: a conversation from one file.</summary>
internal static class ImportCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> file = new("FILE") { Description = "What 'export' wrote." };
        Verb command = new("import", "Make a conversation from an exported file. A damaged file makes nothing.",
            "rwkvx memory import minutes.rwkvx minutes") { file, memory.Name };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using FileStream stream = MemoryArguments.OpenFile(result.GetRequiredValue(file));
            await using IStateStore store = memory.OpenStore(result);
            ConversationInfo info = await store.ImportAsync(stream, memory.KeyOf(result), cancellationToken: cancellationToken);
            Report lines = new();
            lines.Add("tokens", $"{info.Head.Tokens}");
            lines.Write(host);
        });
        return command;
    }
}
