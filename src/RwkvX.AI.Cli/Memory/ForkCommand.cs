using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory fork</c>: another way from a place.</summary>
internal static class ForkCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> target = new("NEW") { Description = "The new conversation." };
        Option<string?> at = new("--at") { Description = "The checkpoint to go on from, instead of where the conversation stands.", HelpName = "CHECKPOINT" };
        Verb command = new("fork", "Make a conversation that goes on from another. Both share what was read; neither sees what the other says later.",
            """
            rwkvx memory fork minutes what-if
            rwkvx memory fork minutes fresh --at read
            """) { memory.Name, target, at };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            ConversationKey key = memory.KeyOf(result);
            ConversationInfo fork = await store.ForkAsync(
                key, key with { Name = result.GetRequiredValue(target) }, new OpenOptions { Checkpoint = result.GetValue(at) }, cancellationToken: cancellationToken);
            Report lines = new();
            lines.Add("forked", $"{fork.Key.Name} at {fork.Head.Tokens} tokens");
            lines.Write(host);
        });
        return command;
    }
}
