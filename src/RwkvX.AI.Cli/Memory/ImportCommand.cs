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
            string path = result.GetRequiredValue(file);
            await using FileStream stream = MemoryArguments.OpenFile(path);
            await using IStateStore store = memory.OpenStore(result);
            try
            {
                ConversationInfo info = await store.ImportAsync(stream, memory.KeyOf(result), cancellationToken: cancellationToken);
                Report lines = new();
                lines.Add("tokens", $"{info.Head.Tokens}");
                lines.Write(host);
            }
            catch (StateCorruptException e)
            {
                throw new CliException($"{path}: expected what 'rwkvx memory export' wrote: {e.Message}", e);
            }
        });
        return command;
    }
}
