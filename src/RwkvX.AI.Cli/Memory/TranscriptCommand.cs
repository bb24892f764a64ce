using System.CommandLine;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory transcript</c>: what was read and said.</summary>
internal static class TranscriptCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Verb command = new("transcript", "Print the documents and turns of a conversation, verbatim and unwrapped, each after a line that says whose it is. Needs no model.",
            "rwkvx memory transcript minutes > minutes-and-questions.txt") { memory.Name };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            foreach (TranscriptEntry entry in MessageRecords.ToEntries(await store.ReadAsync(memory.KeyOf(result), cancellationToken)))
            {
                host.Out.WriteLine(entry.Name is null ? $"--- {entry.Role}" : $"--- {entry.Role} {entry.Name}");
                host.Out.Write(entry.Text);
                if (!entry.Text.EndsWith('\n')) host.Out.WriteLine();
                if (entry.Contents is not null) host.Out.WriteLine(entry.Contents);
            }
        });
        return command;
    }
}
