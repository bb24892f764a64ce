using System.Diagnostics;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.Tests.Chat;

/// <summary>Many conversations at once with random cancellations: each must read as if it had been alone.</summary>
internal static class ConcurrentConversations
{
    private const int Turns = 4;

    private static readonly int Conversations = ScalarRun.Count(16, 8);

    /// <summary>Runs rounds of 16 conversations (8 without vectors) until the time is over, and each again alone.</summary>
    /// <param name="newClient">Makes a client with nothing kept, over the same model each time.</param>
    /// <param name="duration">How long; at least one round is run.</param>
    /// <returns>Turns compared and turns that were cancelled on the way.</returns>
    public static async Task<(int Turns, int Cancelled)> RunAsync(Func<RwkvXChatClient> newClient, TimeSpan duration)
    {
        long begun = Stopwatch.GetTimestamp();
        (int turns, int cancelled) = (0, 0);
        for (int round = 0; round == 0 || Stopwatch.GetElapsedTime(begun) < duration; round++)
        {
            string[][] together;
            using (RwkvXChatClient client = newClient())
            {
                Task<(string[], int)>[] running =
                    [.. Enumerable.Range(0, Conversations).Select(i => Task.Run(() => TalkAsync(client, (round * 1000) + i, mayCancel: true)))];
                (string[], int)[] results = await Task.WhenAll(running);
                together = [.. results.Select(result => result.Item1)];
                cancelled += results.Sum(result => result.Item2);
            }

            for (int i = 0; i < Conversations; i++)
            {
                using RwkvXChatClient alone = newClient();
                Assert.Equal((await TalkAsync(alone, (round * 1000) + i, mayCancel: false)).Answers, together[i]);
            }

            turns += Conversations * Turns;
        }

        return (turns, cancelled);
    }

    private static async Task<(string[] Answers, int Cancelled)> TalkAsync(RwkvXChatClient client, int seed, bool mayCancel)
    {
        Random random = new(seed);
        List<ChatMessage> messages = [new(ChatRole.System, seed % 2 == 0 ? "Answer briefly." : $"You are number {seed}.")];
        List<string> answers = [];
        int cancelled = 0;
        for (int turn = 0; turn < Turns; turn++)
        {
            messages.Add(new ChatMessage(ChatRole.User, $"My number is {seed} and this is question {turn}. What is my number?"));
            ChatOptions options = new() { Temperature = 0.9f, TopP = 0.95f, Seed = seed + turn, MaxOutputTokens = 20 };
            while (mayCancel && random.Next(3) == 0)
            {
                cancelled += await AbandonAsync(client, messages, options, random) ? 1 : 0;
            }

            ChatResponse response = await client.GetResponseAsync(messages, options);
            answers.Add(response.Text);
            messages.AddRange(response.Messages);
        }

        return ([.. answers], cancelled);
    }

    /// <summary>Cancels after a moment, or leaves the stream after some updates.</summary>
    private static async Task<bool> AbandonAsync(RwkvXChatClient client, List<ChatMessage> messages, ChatOptions options, Random random)
    {
        using CancellationTokenSource source = new();
        int updates = random.Next(-8, 8);
        if (updates < 0)
        {
            source.CancelAfter(TimeSpan.FromMilliseconds(random.Next(40)));
        }

        try
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, source.Token))
            {
                if (updates-- == 0)
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return true;
        }

        return false;
    }
}
