using System.CommandLine;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory append</c>: a file into a conversation.</summary>
internal static class AppendCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> file = new("FILE") { Description = "A text of any length: UTF-8, or what its byte order mark says." };
        Verb command = new("append", "Read a text file into a conversation, as a document. Makes the conversation where there is none of that name.",
            """
            rwkvx memory append minutes minutes.txt
            rwkvx memory append log today.log --root /srv/memory --tenant alice
            """) { memory.Name, file };
        memory.AddWithRetentionTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            string path = result.GetRequiredValue(file);
            await using FileStream stream = MemoryArguments.OpenFile(path);
            await using IStateStore store = memory.OpenStore(result);
            using RwkvXChatClient client = memory.OpenClient(result, store);
            IRwkvXMemory conversations = client.GetRequiredService<IRwkvXMemory>();
            AppendResult done = ProgressBar.Run(host, $"Reading {Path.GetFileName(path)}", 1, report => conversations.AppendAsync(
                memory.KeyOf(result),
                stream,
                new AppendOptions { Name = Path.GetFileName(path), CreateIfMissing = true, Progress = new InlineProgress<AppendProgress>(value => report(value.Tokens / (double)Math.Max(1, value.TotalTokens))) },
                cancellationToken).AsTask().GetAwaiter().GetResult());
            Report lines = new();
            lines.Add("tokens read", $"{done.Tokens}");
            lines.Add("tokens in all", $"{done.Head.Tokens}");
            if (done.DroppedPages > 0) lines.Add("pages dropped", $"{done.DroppedPages} ({done.DroppedBytes} bytes)");
            lines.Write(host);
        });
        return command;
    }
}
