using System.CommandLine;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Cli.Memory;

/// <summary><c>rwkvx memory ask</c>: a turn.</summary>
internal static class AskCommand
{
    public static Command Create(CliHost host)
    {
        MemoryArguments memory = new();
        Argument<string> text = new("TEXT") { Description = "The question." };
        Option<float?> temperature = new("--temperature")
        {
            Description = "0 always takes the likeliest token; higher is more varied. Without it: what the model's config.json says.",
            HelpName = "T",
        };
        temperature.Validators.Add(ChatCommand.CheckTemperature);
        Option<int?> maxTokens = ModelArguments.Positive("--max-tokens", "Longest answer, in tokens.");
        Verb command = new("ask", "Ask in a conversation and print the answer. The turn is stored; where it fails or is interrupted, the conversation stays as it was.",
            """
            rwkvx memory ask minutes "Who was there?"
            rwkvx memory ask minutes "And who left early?" --temperature 0 --max-tokens 100
            """) { memory.Name, text, temperature, maxTokens };
        memory.AddWithRetentionTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            await using IStateStore store = memory.OpenStore(result);
            using RwkvXChatClient client = memory.OpenClient(result, store);
            ChatOptions options = new()
            {
                ConversationId = result.GetRequiredValue(memory.Name),
                Temperature = result.GetValue(temperature),
                MaxOutputTokens = result.GetValue(maxTokens),
            };
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(new ChatMessage(ChatRole.User, result.GetRequiredValue(text)), options, cancellationToken))
            {
                await host.Out.WriteAsync(update.Text);
                await host.Out.FlushAsync(cancellationToken);
            }

            await host.Out.WriteLineAsync();
            if (!host.IsErrorTerminal) return;
            MemoryStats stats = await client.GetRequiredService<IRwkvXMemory>().StatAsync(memory.KeyOf(result), cancellationToken);
            if (stats.Pages is { } pages) PagePicture.Write(host.Error, pages);
        });
        return command;
    }
}
