using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

/// <summary>
/// What every <see cref="IChatClient"/> over an RWKV-X model must do, whatever its model says: derive a class per host and model.
/// What the model says is the matter of <see cref="ChatClientConversations"/>.
/// </summary>
public abstract partial class ChatClientContract
{
    private const int FewTokens = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A client that nobody else uses.</summary>
    protected abstract IChatClient NewClient();

    /// <summary>Whether responses say how many tokens of the prompt were not computed again.</summary>
    protected virtual bool CountsCachedTokens => true;

    [Fact]
    public async Task Response_ToOneMessage_IsOneAssistantMessage()
    {
        using IChatClient client = NewClient();
        ChatResponse response = await client.GetResponseAsync("What is the sea?", Few(), Cancellation);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        Assert.False(string.IsNullOrEmpty(response.ResponseId));
        Assert.False(string.IsNullOrEmpty(response.ModelId));
        Assert.NotNull(response.CreatedAt);
        Assert.NotNull(response.FinishReason);
    }

    [Fact]
    public async Task Response_ToSeveralMessages_IsOneAssistantMessage()
    {
        using IChatClient client = NewClient();
        ChatResponse response = await client.GetResponseAsync([System("Be brief."), User("Hello."), Assistant("Hello!"), User("And now?")], Few(), Cancellation);
        Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
    }

    [Fact]
    public async Task Response_ToAMessageWithoutText_Comes()
    {
        using IChatClient client = NewClient();
        Assert.NotNull((await client.GetResponseAsync([User("Hello."), Assistant("Yes?"), User("")], Few(), Cancellation)).FinishReason);
    }

    [Fact]
    public async Task Response_WithInstructions_Comes()
    {
        using IChatClient client = NewClient();
        ChatOptions options = Few();
        options.Instructions = "Answer in one word.";
        Assert.Single((await client.GetResponseAsync("Hello.", options, Cancellation)).Messages);
    }

    [Fact]
    public async Task Stream_OfAnAnswer_CarriesItsFields()
    {
        using IChatClient client = NewClient();
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("Tell me a story.")], Few());
        Assert.All(updates, update => Assert.Equal(ChatRole.Assistant, update.Role));
        Assert.Single(updates.Select(update => update.ResponseId).Distinct(), id => !string.IsNullOrEmpty(id));
        Assert.Single(updates.Select(update => update.MessageId).Distinct(), id => !string.IsNullOrEmpty(id));
        Assert.Single(updates.Select(update => update.ModelId).Distinct(), id => !string.IsNullOrEmpty(id));
        Assert.All(updates, update => Assert.NotNull(update.CreatedAt));
        Assert.All(updates.SkipLast(1), update => Assert.Null(update.FinishReason));
        Assert.NotNull(updates[^1].FinishReason);
    }

    [Fact]
    public async Task Stream_Gathered_IsTheResponse()
    {
        using IChatClient one = NewClient(), other = NewClient();
        ChatResponse gathered = (await ReadAsync(one, [User("Tell me a story.")], Few())).ToChatResponse();
        ChatResponse response = await other.GetResponseAsync([User("Tell me a story.")], Few(), Cancellation);
        Assert.Equal(response.Text, gathered.Text);
        Assert.Equal(response.FinishReason, gathered.FinishReason);
        Assert.Equal(response.Usage!.OutputTokenCount, gathered.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task Usage_OfAResponse_AddsUp()
    {
        using IChatClient client = NewClient();
        UsageDetails usage = (await client.GetResponseAsync("Hello.", Few(), Cancellation)).Usage!;
        Assert.True(usage.InputTokenCount > 0);
        Assert.InRange(usage.OutputTokenCount!.Value, 1, FewTokens);
        Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
        if (CountsCachedTokens) Assert.InRange(usage.CachedInputTokenCount!.Value, 0, usage.InputTokenCount!.Value);
    }

    [Fact]
    public async Task Usage_OfAStream_ComesOnceAndAtItsEnd()
    {
        using IChatClient client = NewClient();
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("Hello.")], Few());
        UsageContent usage = Assert.Single(updates.SelectMany(update => update.Contents).OfType<UsageContent>());
        Assert.Equal(usage.Details.InputTokenCount + usage.Details.OutputTokenCount, usage.Details.TotalTokenCount);
        Assert.Contains(usage, updates[^1].Contents);
    }

    [Fact]
    public async Task Limit_OfTokens_IsKeptAndSaid()
    {
        using IChatClient client = NewClient();
        ChatOptions options = Few();
        options.MaxOutputTokens = 1;
        ChatResponse response = await client.GetResponseAsync("Tell me a long story.", options, Cancellation);
        Assert.Equal(1, response.Usage!.OutputTokenCount);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
    }

    [Fact]
    public async Task Seed_GivenTwice_GivesOneAnswer()
    {
        ChatOptions options = new() { Temperature = 1, Seed = 1L << 40, MaxOutputTokens = FewTokens };
        using IChatClient one = NewClient(), other = NewClient();
        string answer = (await one.GetResponseAsync("Hello.", options, Cancellation)).Text;
        Assert.Equal(answer, (await one.GetResponseAsync("Hello.", options, Cancellation)).Text); // from a kept state
        Assert.Equal(answer, (await other.GetResponseAsync("Hello.", options, Cancellation)).Text);
    }

    [Fact]
    public async Task Options_OfARequest_StayAsTheyWere()
    {
        using IChatClient client = NewClient();
        ChatOptions options = new() { MaxOutputTokens = 4, Tools = [Weather], ToolMode = ChatToolMode.None, StopSequences = ["x"], AdditionalProperties = new() { ["min_p"] = 0.1 } };
        List<ChatMessage> messages = [User("Hello.")];
        await client.GetResponseAsync(messages, options, Cancellation);
        Assert.Single(messages);
        Assert.Equal(4, options.MaxOutputTokens);
        Assert.Same(Weather, Assert.Single(options.Tools));
        Assert.Equal(["x"], options.StopSequences);
        Assert.Same(ChatToolMode.None, options.ToolMode);
        Assert.Equal(0.1, Assert.Single(options.AdditionalProperties).Value);
    }

    [Fact]
    public async Task History_OfResponses_IsTakenOn()
    {
        using IChatClient client = NewClient();
        List<ChatMessage> history = [User("My name is Ada.")];
        for (int turn = 0; turn < 3; turn++)
        {
            ChatResponse response = await client.GetResponseAsync(history, Few(), Cancellation);
            if (CountsCachedTokens && turn > 0) Assert.True(response.Usage!.CachedInputTokenCount > 0);
            history.AddMessages(response);
            history.Add(User("Go on."));
        }

        Assert.True(history.Count >= 7);
    }

    [Fact]
    public async Task History_OfUpdates_IsTakenOn()
    {
        using IChatClient client = NewClient();
        List<ChatMessage> history = [User("My name is Ada.")];
        for (int turn = 0; turn < 3; turn++)
        {
            history.AddMessages(await ReadAsync(client, history, Few()));
            history.Add(User("Go on."));
        }

        Assert.Equal(7, history.Count);
    }

    [Fact]
    public async Task Stop_Sequence_IsNeverSeen()
    {
        using IChatClient client = NewClient();
        ChatOptions options = new() { Temperature = 1, Seed = 3, MaxOutputTokens = 60, StopSequences = ["e", "th", " a"] };
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("Tell me a story.")], options);
        Assert.All(options.StopSequences, stop => Assert.DoesNotContain(stop, string.Concat(updates), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancellation_BeforeTheRequest_IsObeyed()
    {
        using IChatClient client = NewClient();
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("Hello.", Few(), source.Token));
    }

    [Fact]
    public async Task Cancellation_InMidStream_IsObeyedAndTheClientGoesOn()
    {
        using IChatClient client = NewClient();
        using CancellationTokenSource source = new();
        ChatOptions options = new() { Temperature = 1, Seed = 2, MaxOutputTokens = 1000 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            int count = 0;
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync([User("Tell me a story.")], Endless(options), source.Token))
            {
                if (++count == 2) await source.CancelAsync();
            }
        });
        Assert.NotNull((await client.GetResponseAsync("Hello.", Few(), Cancellation)).FinishReason);
    }

    [Fact]
    public async Task Stream_LeftEarly_LetsTheClientGoOn()
    {
        using IChatClient client = NewClient();
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync([User("Tell me a story.")], Few(), Cancellation))
        {
            break;
        }

        Assert.NotNull((await client.GetResponseAsync("Hello.", Few(), Cancellation)).FinishReason);
    }

    [Fact]
    public async Task Requests_AtOnce_GetTheAnswersOfRequestsAlone()
    {
        using IChatClient alone = NewClient(), shared = NewClient();
        string[] questions = ["Who are you?", "What is the sea?", "Tell me of ships.", "Why?", "And where?", "How many?"];
        List<string> expected = [];
        foreach (string question in questions) expected.Add((await alone.GetResponseAsync(question, Few(), Cancellation)).Text);
        ChatResponse[] answers = await Task.WhenAll(questions.Select(question => shared.GetResponseAsync(question, Few(), Cancellation)));
        Assert.Equal(expected, answers.Select(answer => answer.Text));
    }

    [Fact]
    public async Task Arguments_ThatAreNull_AreRefused()
    {
        using IChatClient client = NewClient();
        await Assert.ThrowsAsync<ArgumentNullException>("messages", () => client.GetResponseAsync((IEnumerable<ChatMessage>)null!, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(
            "messages", async () => await client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!, cancellationToken: Cancellation).ToChatResponseAsync(Cancellation));
    }

    [Fact]
    public async Task Content_ThatIsAnImage_IsRefused()
    {
        using IChatClient client = NewClient();
        ChatMessage image = new(ChatRole.User, [new TextContent("What is this?"), new DataContent(new byte[] { 1, 2, 3 }, "image/png")]);
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => client.GetResponseAsync([image], Few(), Cancellation));
        Assert.Contains("image/png", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_OfTheClient_AreFoundWithoutAKeyOnly()
    {
        using IChatClient client = NewClient();
        ChatClientMetadata metadata = client.GetRequiredService<ChatClientMetadata>();
        Assert.False(string.IsNullOrEmpty(metadata.ProviderName));
        Assert.False(string.IsNullOrEmpty(metadata.DefaultModelId));
        Assert.Null(client.GetService(typeof(ChatClientMetadata), "key"));
        Assert.NotNull(client.GetService(client.GetType()));
        Assert.Null(client.GetService<Uri>());
    }

    /// <summary>Options under which an answer goes on for as long as its limit allows.</summary>
    private static ChatOptions Endless(ChatOptions options)
    {
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(Parse("""{"type":"array","items":{"type":"integer"},"minItems":200}"""));
        options.MaxOutputTokens = 4000;
        return options;
    }

    private static async Task<List<ChatResponseUpdate>> ReadAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, Cancellation)) updates.Add(update);
        return updates;
    }

    private static ChatOptions Few() => new() { Temperature = 0, MaxOutputTokens = FewTokens };

    private static ChatMessage User(string text) => new(ChatRole.User, text);

    private static ChatMessage Assistant(string text) => new(ChatRole.Assistant, text);

    private static ChatMessage System(string text) => new(ChatRole.System, text);
}
