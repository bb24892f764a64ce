using System.CommandLine;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory verify</c>: whether the store is sound.</summary>
internal static class VerifyCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Option<bool> rebuild = new("--rebuild-index") { Description = "Make the index anew from logs and states first; for one that is damaged or lost." };
        Verb command = new("verify", "Read and check everything in the store, of all tenants. Exit code 0 only if it is sound; every problem is a line.",
            """
            rwkvx memory verify && echo sound
            rwkvx memory verify --rebuild-index
            """) { rebuild };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            IReadOnlyList<StoreProblem> found = result.GetValue(rebuild) ? await memory.RebuildAsync(result) : [];
            await using IStateStore store = memory.OpenStore(result);
            IReadOnlyList<StoreProblem> problems = [.. found, .. await store.VerifyAsync(cancellationToken)];
            foreach (StoreProblem problem in problems) host.Out.WriteLine(problem);
            host.Out.WriteLine(problems.Count == 0 ? "sound" : $"problems: {problems.Count}");
            return problems.Count == 0 ? 0 : 1;
        });
        return command;
    }
}
