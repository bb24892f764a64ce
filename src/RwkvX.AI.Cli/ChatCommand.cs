using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Prompts;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx chat</c>: a conversation, or one answer.</summary>
internal static class ChatCommand
{
    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        Option<string[]> documents = new("--document")
        {
            Description = "A text file to read before the first question; may be given several times.",
            HelpName = "FILE",
        };
        Option<string?> once = new("--once") { Description = "Ask this, print the answer alone, and end.", HelpName = "TEXT" };
        Option<float?> temperature = new("--temperature")
        {
            Description = "0 always takes the likeliest token; higher is more varied. Without it: what the model's config.json says.",
            HelpName = "T",
        };
        temperature.Validators.Add(CheckTemperature);
        Option<int?> maxTokens = ModelArguments.Positive("--max-tokens", "Longest answer, in tokens.");
        Option<long?> seed = new("--seed") { Description = "Makes the answers repeatable.", HelpName = "N" };
        Verb command = new("chat", "Talk to a model. What was said and read stays in its state, so a long history costs nothing again.",
            """
            rwkvx chat
            rwkvx chat --document minutes.txt --once "Who was there?" --temperature 0
            rwkvx chat --model my-model --seed 1

            In a conversation, /stats shows what is remembered and how fast it goes, and /exit ends.
            """) { documents, once, temperature, maxTokens, seed };
        model.AddTo(command);
        EngineArguments engines = new();
        engines.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            List<ChatMessage> messages = [.. (result.GetValue(documents) ?? []).Select(ReadDocument)];
            ChatOptions options = new()
            {
                Temperature = result.GetValue(temperature),
                MaxOutputTokens = result.GetValue(maxTokens),
                Seed = result.GetValue(seed),
            };
            using RwkvXChatClient client = host.OpenChat(model.ToChatOptions(result, engines.Request(result)));
            ChatConversation conversation = new(host, client, options, messages);
            if (result.GetValue(once) is { } question) await conversation.AskAsync(question, cancellationToken);
            else await conversation.RunAsync(cancellationToken);
        });
        return command;
    }

    public static void CheckTemperature(OptionResult value)
    {
        if (value.Tokens.Count != 1 || !float.TryParse(value.Tokens[0].Value, CultureInfo.InvariantCulture, out float t)) return;
        if (t is not (>= 0 and <= 100)) value.AddError($"--temperature: expected 0 to 100, found {value.Tokens[0].Value}");
    }

    private static ChatMessage ReadDocument(string path)
    {
        try
        {
            return new ChatMessage(ChatRole.User, File.ReadAllText(path)).AsDocument();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path}: expected a text file: {e.Message}", e);
        }
    }
}
