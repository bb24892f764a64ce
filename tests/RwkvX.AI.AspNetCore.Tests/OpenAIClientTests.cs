using Microsoft.Extensions.AI;
using OpenAI.Chat;
using Xunit;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>OpenAI's own client asks this server.</summary>
public sealed class OpenAIClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Complete_Plain_GivesTextReasonAndUsage()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();

        ChatCompletion completion = await host.Chat().CompleteChatAsync([new UserChatMessage("Hi")], cancellationToken: Cancel);

        Assert.Equal("Hello, world.", Assert.Single(completion.Content).Text);
        Assert.Equal(OpenAI.Chat.ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, completion.Role);
        Assert.Equal("scripted-1", completion.Model);
        Assert.StartsWith("chatcmpl-", completion.Id, StringComparison.Ordinal);
        Assert.True((DateTimeOffset.UtcNow - completion.CreatedAt).Duration() < TimeSpan.FromMinutes(5));
        Assert.Equal((11, 7, 18), (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount, completion.Usage.TotalTokenCount));
        Assert.Equal(5, completion.Usage.InputTokenDetails.CachedTokenCount);
        Assert.Null(completion.Refusal);
        Assert.Empty(completion.ToolCalls);
    }

    [Fact]
    public async Task Complete_AllOptions_ReachTheClient()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        ChatCompletionOptions options = new()
        {
            Temperature = 0.25f,
            TopP = 0.5f,
            PresencePenalty = -1,
            FrequencyPenalty = 1.5f,
            MaxOutputTokenCount = 17,
            EndUserId = "someone",
            Seed = long.MaxValue,
            StopSequences = { "END", "\n\n" },
        };

        await host.Chat().CompleteChatAsync([new UserChatMessage("Hi")], options, Cancel);

        ChatOptions seen = host.Client.Request.Options;
        Assert.Equal((0.25f, 0.5f, -1f, 1.5f), (seen.Temperature, seen.TopP, seen.PresencePenalty, seen.FrequencyPenalty));
        Assert.Equal((17, long.MaxValue), (seen.MaxOutputTokens, seen.Seed));
        Assert.Equal(["END", "\n\n"], seen.StopSequences);
        Assert.Null(seen.Tools);
        Assert.Null(seen.ConversationId);
    }

    [Fact]
    public async Task Complete_EveryRoleAndPart_ReachTheClient()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        global::OpenAI.Chat.ChatMessage[] messages =
        [
            new SystemChatMessage("Be brief."),
            new DeveloperChatMessage("Be kind."),
            new UserChatMessage(ChatMessageContentPart.CreateTextPart("One. "), ChatMessageContentPart.CreateTextPart("Two.")) { ParticipantName = "leo" },
            new AssistantChatMessage("Three."),
            new UserChatMessage(
                ChatMessageContentPart.CreateFilePart(BinaryData.FromString("The minutes.\n\nLeo was there."), "text/plain", "minutes.txt"),
                ChatMessageContentPart.CreateTextPart("Who was there?")),
        ];

        await host.Chat().CompleteChatAsync(messages, cancellationToken: Cancel);

        IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> seen = host.Client.Request.Messages;
        Assert.Equal([ChatRole.System, ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.User], seen.Select(message => message.Role));
        Assert.Equal(["Be brief.", "Be kind.", "One. Two.", "Three.", "Who was there?"], seen.Select(message => message.Text));
        Assert.Equal("leo", seen[2].AuthorName);
        DataContent file = Assert.Single(seen[4].Contents.OfType<DataContent>());
        Assert.Equal(("text/plain", "minutes.txt"), (file.MediaType, file.Name));
        Assert.Equal("The minutes.\n\nLeo was there.", System.Text.Encoding.UTF8.GetString(file.Data.Span));
    }

    [Fact]
    public async Task Stream_Plain_ComesInPartsAndEndsWithUsage()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        List<StreamingChatCompletionUpdate> updates = [];

        await foreach (StreamingChatCompletionUpdate update in host.Chat().CompleteChatStreamingAsync([new UserChatMessage("Hi")], cancellationToken: Cancel))
            updates.Add(update);

        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Equal(["", "Hello", ", ", "world", "."], updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text));
        Assert.Equal([OpenAI.Chat.ChatFinishReason.Stop], updates.Select(update => update.FinishReason).OfType<OpenAI.Chat.ChatFinishReason>());
        ChatTokenUsage usage = Assert.Single(updates.Select(update => update.Usage).OfType<ChatTokenUsage>());
        Assert.Equal((11, 7, 18, 5), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.InputTokenDetails.CachedTokenCount));
        Assert.Single(updates.Select(update => update.CompletionId).Distinct());
    }

    [Fact]
    public async Task Stream_AsEvents_IsRolePartsFinishUsageDone()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        const string Request = """{"model":"scripted-1","messages":[{"role":"user","content":"Hi"}],"stream":true}""";

        string[] without = await host.StreamAsync(Request);
        string[] with = await host.StreamAsync(Request.Replace("\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}", StringComparison.Ordinal));

        Assert.Equal(7, without.Length); // role, four parts, finish, [DONE]
        Assert.Contains("\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null", without[0], StringComparison.Ordinal);
        Assert.Contains("\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null", without[1], StringComparison.Ordinal);
        Assert.Contains("\"delta\":{},\"finish_reason\":\"stop\"", without[5], StringComparison.Ordinal);
        Assert.All(without, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.DoesNotContain(without, line => line.Contains("usage", StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", without[^1]);
        Assert.Equal(8, with.Length);
        Assert.Contains("\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18", with[6], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("length", "length")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("stop", "stop")]
    [InlineData("something", "stop")]
    public async Task Complete_FinishReason_IsOneOfOpenAIs(string reason, string expected)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.FinishReason = new(reason);

        (_, System.Text.Json.JsonElement body) = await host.PostAsync("""{"messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(expected, body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Complete_AnyLanguage_ComesBackAsItWasSaid()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (messages, _, _) => ScriptedChatClient.Say(messages[^1].Text);
        const string Text = "Grüße, 你好, 👩‍🚀, \u0001 \"quoted\" </script>\n\ttabbed\u2028";

        ChatCompletion whole = await host.Chat().CompleteChatAsync([new UserChatMessage(Text)], cancellationToken: Cancel);
        string streamed = "";
        await foreach (StreamingChatCompletionUpdate update in host.Chat().CompleteChatStreamingAsync([new UserChatMessage(Text)], cancellationToken: Cancel))
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));

        Assert.Equal(Text, whole.Content[0].Text);
        Assert.Equal(Text, streamed);
    }

    [Fact]
    public async Task Complete_Thoughts_ComeBesideTheAnswer()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Answer(new TextReasoningContent("Hm. "), new TextReasoningContent("Yes."), new TextContent("Four."));
        const string Request = """{"messages":[{"role":"user","content":"2+2?"}],"reasoning_effort":"high"}""";

        (_, System.Text.Json.JsonElement body) = await host.PostAsync(Request);
        string[] lines = await host.StreamAsync(Request.Replace("}]", "}],\"stream\":true", StringComparison.Ordinal));

        System.Text.Json.JsonElement message = body.GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(("Four.", "Hm. Yes."), (message.GetProperty("content").GetString(), message.GetProperty("reasoning_content").GetString()));
        Assert.Contains("\"delta\":{\"reasoning_content\":\"Hm. \"}", lines[1], StringComparison.Ordinal);
        Assert.All(host.Client.Requests, request => Assert.Equal(ReasoningEffort.High, request.Options?.Reasoning?.Effort));
    }
}
