using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory gc</c>: what nobody needs.</summary>
internal static class GcCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Verb command = new("gc", "Delete conversations that are over their time, and bytes that nothing refers to; of all tenants.", "rwkvx memory gc");
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            CollectResult collected = await store.CollectAsync(cancellationToken);
            Report lines = new();
            lines.Add("conversations expired", $"{collected.Expired}");
            lines.Add("bytes removed", $"{collected.BytesRemoved}");
            lines.Write(host);
        });
        return command;
    }
}
