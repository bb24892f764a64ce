using System.Diagnostics;
using Microsoft.Extensions.AI;

/// <summary>A conversation over one document: every turn extends the messages, and the client computes only what is new.</summary>
internal sealed class Conversation(IChatClient client, ChatMessage document, ChatOptions options)
{
    private readonly List<ChatMessage> _messages = [document];

    /// <summary>Asks, streams the answer to the console, and returns it.</summary>
    /// <param name="question">What to ask.</param>
    /// <param name="remember">Whether the turn stays in the conversation; otherwise the next one starts from where this one did.</param>
    public async Task<Turn> AskAsync(string question, bool remember)
    {
        List<ChatMessage> messages = [.. _messages, new ChatMessage(ChatRole.User, question)];
        List<ChatResponseUpdate> updates = [];
        long begun = Stopwatch.GetTimestamp();
        TimeSpan? first = null;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options))
        {
            first ??= Stopwatch.GetElapsedTime(begun);
            Console.Write(update.Text);
            updates.Add(update);
        }

        ChatResponse response = updates.ToChatResponse();
        if (remember) _messages.AddRange([messages[^1], .. response.Messages]);
        return new Turn(response, first ?? default, Stopwatch.GetElapsedTime(begun));
    }
}
