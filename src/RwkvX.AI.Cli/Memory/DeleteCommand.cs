using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory delete</c>: a conversation gone.</summary>
internal static class DeleteCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Verb command = new("delete", "Delete a conversation and every byte that no other refers to, and say how many that were.",
            "rwkvx memory delete minutes") { memory.Name };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            DeleteResult deleted = await store.DeleteAsync(memory.KeyOf(result), cancellationToken: cancellationToken);
            Report lines = new();
            lines.Add("bytes removed", $"{deleted.BytesRemoved}");
            lines.Add("bytes kept for others", $"{deleted.BytesShared}");
            if (deleted.BytesPending > 0) lines.Add("bytes pending", $"{deleted.BytesPending} (in use; 'gc' removes them)");
            lines.Write(host);
        });
        return command;
    }
}
