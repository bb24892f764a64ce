using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Sessions.Stores;
using Spectre.Console;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory list</c>: a tenant's conversations.</summary>
internal static class ListCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Option<bool> json = new("--json") { Description = "A JSON array instead of lines." };
        Verb command = new("list", "List the conversations, by name. Piped: name, tokens, turns, documents and messages, with tabs between.",
            """
            rwkvx memory list
            rwkvx memory list --json
            """) { json };
        memory.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            IReadOnlyList<ConversationInfo> all = await store.ListAsync(memory.TenantOf(result), cancellationToken: cancellationToken);
            if (result.GetValue(json)) MemoryJson.Write(host.Out, all.Select(MemoryJson.Of));
            else if (host.IsOutTerminal) WriteTable(host, all);
            else foreach (ConversationInfo info in all) host.Out.WriteLine(string.Join('\t', Cells(info)));
        });
        return command;
    }

    private static void WriteTable(CliHost host, IReadOnlyList<ConversationInfo> all)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("name", "tokens", "turns", "documents", "messages");
        foreach (ConversationInfo info in all) table.AddRow([.. Cells(info).Select(cell => new Text(cell))]);
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Out) }).Write(table);
    }

    private static string[] Cells(ConversationInfo info) =>
        [info.Key.Name, .. ((long[])[info.Head.Tokens, info.Turns, info.Documents, info.Messages]).Select(count => count.ToString(CultureInfo.InvariantCulture))];
}
