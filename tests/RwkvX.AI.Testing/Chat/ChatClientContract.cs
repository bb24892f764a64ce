using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Xunit;

namespace RwkvX.AI.Testing.Chat;

/// <summary>
/// What every <see cref="IChatClient"/> over an RWKV-X model must do, whatever its model says: derive a class per host and model.
/// What the model says is the matter of <see cref="ChatClientConversations"/>.
/// </summary>
public abstract class ChatClientContract
{
    private const int FewTokens = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly AIFunction Weather = AIFunctionFactory.Create(
        (string city, int? days) => $"sunny in {city} for {days ?? 1} days", "weather", "Tells the weather in a city.");

    private static readonly AIFunction Clock = AIFunctionFactory.Create(() => "noon", "clock", "Tells the time.");

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

    [Theory]
    [InlineData(null)]
    [InlineData("weather")]
    [InlineData("clock")]
    public async Task Tools_CallRequired_AreCalledWithArgumentsThatFit(string? name)
    {
        using IChatClient client = NewClient();
        ChatOptions options = Tools(name is null ? ChatToolMode.RequireAny : ChatToolMode.RequireSpecific(name));
        List<ChatResponseUpdate> updates = await ReadAsync(client, [User("How is the weather in Paris?")], options);
        FunctionCallContent[] calls = [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];
        Assert.NotEmpty(calls);
        Assert.All(calls, call => AssertFits(call, name));
        Assert.Equal(calls.Length, calls.Select(call => call.CallId).Distinct().Count());
        Assert.Equal(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
    }

    [Fact]
    public async Task Tools_CallForbidden_AreNotCalled()
    {
        using IChatClient client = NewClient();
        ChatResponse response = await client.GetResponseAsync("How is the weather in Paris?", Tools(ChatToolMode.None), Cancellation);
        Assert.Empty(response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.NotEqual(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task Tools_CallAllowed_FitWhereTheyAreCalled()
    {
        using IChatClient client = NewClient();
        for (int seed = 0; seed < 4; seed++)
        {
            ChatOptions options = Tools(ChatToolMode.Auto);
            (options.Temperature, options.Seed) = (1, seed);
            ChatResponse response = await client.GetResponseAsync("How is the weather in Paris?", options, Cancellation);
            FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
            Assert.All(calls, call => AssertFits(call, null));
            Assert.Equal(calls.Length > 0, response.FinishReason == ChatFinishReason.ToolCalls);
        }
    }

    [Fact]
    public async Task Tools_InTheLoopOfTheApplication_AreInvokedAndTheLoopEnds()
    {
        int invoked = 0;
        AIFunction count = AIFunctionFactory.Create(() => ++invoked, "count", "Counts.");
        using IChatClient client = NewClient().AsBuilder().UseFunctionInvocation(configure: loop => loop.MaximumIterationsPerRequest = 3).Build();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 120, Tools = [count], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = false };
        ChatResponse response = await client.GetResponseAsync("Count, please.", options, Cancellation);
        Assert.InRange(invoked, 1, 4);
        Assert.Equal(invoked, response.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Count());
    }

    [Fact]
    public async Task Format_Json_IsAnObject()
    {
        using IChatClient client = NewClient();
        ChatOptions options = new() { Temperature = 1, Seed = 5, MaxOutputTokens = 60, ResponseFormat = ChatResponseFormat.Json };
        ChatResponse response = await client.GetResponseAsync("Who are you?", options, Cancellation);
        Assert.Equal(JsonValueKind.Object, Parse(response.Text).ValueKind);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
    }

    [Fact]
    public async Task Format_Schema_IsObeyedInAStreamToo()
    {
        JsonElement schema = Parse("""{"type":"object","properties":{"kind":{"enum":["ship","whale"]},"length":{"type":"integer","minimum":1,"maximum":99}},"required":["kind","length"]}""");
        using IChatClient client = NewClient();
        for (int seed = 0; seed < 4; seed++)
        {
            ChatOptions options = new() { Temperature = 2, Seed = seed, MaxOutputTokens = 60, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) };
            JsonElement json = Parse(string.Concat(await ReadAsync(client, [User("What is there?")], options)));
            Assert.Contains(json.GetProperty("kind").GetString(), new[] { "ship", "whale" });
            Assert.InRange(json.GetProperty("length").GetInt32(), 1, 99);
        }
    }

    [Fact]
    public async Task Structured_Object_IsRead()
    {
        using IChatClient client = NewClient();
        ChatResponse<Voyage> response = await client.GetResponseAsync<Voyage>("Describe a voyage.", Structured(), cancellationToken: Cancellation);
        Assert.NotNull(response.Result.Ship);
        Assert.NotNull(response.Result.Ports);
    }

    [Fact]
    public Task Structured_Array_IsRead() => ReadsAsync<int[]>();

    [Fact]
    public Task Structured_Integer_IsRead() => ReadsAsync<int>();

    [Fact]
    public Task Structured_Text_IsRead() => ReadsAsync<string>();

    [Fact]
    public Task Structured_Boolean_IsRead() => ReadsAsync<bool>();

    [Fact]
    public Task Structured_Enum_IsRead() => ReadsAsync<Sea>();

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

    [Fact]
    public async Task Caching_AroundTheClient_AnswersTheSameRequestOnce()
    {
        MemoryCache cache = new();
        using IChatClient client = NewClient().AsBuilder().UseDistributedCache(cache).Build();
        ChatResponse first = await client.GetResponseAsync("Hello.", Few(), Cancellation);
        ChatResponse again = await client.GetResponseAsync("Hello.", Few(), Cancellation);
        Assert.Equal((first.ResponseId, first.Text, 1), (again.ResponseId, again.Text, cache.Hits));
        Assert.NotEqual(first.ResponseId, (await client.GetResponseAsync("Hello!", Few(), Cancellation)).ResponseId);
    }

    [Fact]
    public async Task Caching_OfStreams_ReplaysThem()
    {
        using IChatClient client = NewClient().AsBuilder().UseDistributedCache(new MemoryCache()).Build();
        List<ChatResponseUpdate> first = await ReadAsync(client, [User("Hello.")], Few()), again = await ReadAsync(client, [User("Hello.")], Few());
        Assert.Equal(string.Concat(first), string.Concat(again));
        Assert.Equal(first[0].ResponseId, again[0].ResponseId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Logging_AroundTheClient_SeesTheCall(bool streams)
    {
        LogCollector log = new();
        using IChatClient client = NewClient().AsBuilder().UseLogging(log).Build();
        if (streams) await ReadAsync(client, [User("Hello.")], Few());
        else await client.GetResponseAsync("Hello.", Few(), Cancellation);
        string method = streams ? "GetStreamingResponseAsync" : "GetResponseAsync";
        Assert.Contains(log.Lines, line => line.Contains(method + " invoked", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains(method + " completed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Telemetry_AroundTheClient_HasModelReasonAndUsage(bool streams)
    {
        string source = Guid.NewGuid().ToString("N");
        using ActivityCollector activities = new(source);
        using IChatClient client = NewClient().AsBuilder().UseOpenTelemetry(sourceName: source).Build();
        if (streams) await ReadAsync(client, [User("Hello.")], Few());
        else await client.GetResponseAsync("Hello.", Few(), Cancellation);
        Activity activity = Assert.Single(activities.Ended);
        Assert.Equal("chat", activity.GetTagItem("gen_ai.operation.name"));
        Assert.Equal(client.GetRequiredService<ChatClientMetadata>().ProviderName, activity.GetTagItem("gen_ai.provider.name"));
        Assert.NotNull(activity.GetTagItem("gen_ai.response.model"));
        Assert.NotNull(activity.GetTagItem("gen_ai.response.finish_reasons"));
        Assert.True(Convert.ToInt64(activity.GetTagItem("gen_ai.usage.input_tokens"), null) > 0);
        Assert.True(Convert.ToInt64(activity.GetTagItem("gen_ai.usage.output_tokens"), null) > 0);
    }

    /// <summary>Options under which an answer goes on for as long as its limit allows.</summary>
    private static ChatOptions Endless(ChatOptions options)
    {
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(Parse("""{"type":"array","items":{"type":"integer"},"minItems":200}"""));
        options.MaxOutputTokens = 4000;
        return options;
    }

    private async Task ReadsAsync<T>()
    {
        using IChatClient client = NewClient();
        ChatResponse<T> response = await client.GetResponseAsync<T>("Which one?", Structured(), cancellationToken: Cancellation);
        Assert.True(response.TryGetResult(out T? result), response.Text);
        Assert.NotNull(result);
    }

    private static void AssertFits(FunctionCallContent call, string? name)
    {
        Assert.False(string.IsNullOrEmpty(call.CallId));
        Assert.Null(call.Exception);
        Assert.Contains(call.Name, name is null ? ["weather", "clock"] : new[] { name });
        if (call.Name == "clock") Assert.Empty(call.Arguments ?? new Dictionary<string, object?>());
        else Assert.Equal(JsonValueKind.String, ((JsonElement)call.Arguments!["city"]!).ValueKind);
    }

    private static async Task<List<ChatResponseUpdate>> ReadAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, Cancellation)) updates.Add(update);
        return updates;
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static ChatOptions Few() => new() { Temperature = 0, MaxOutputTokens = FewTokens };

    private static ChatOptions Structured() => new() { Temperature = 1, Seed = 9, MaxOutputTokens = 100 };

    private static ChatOptions Tools(ChatToolMode mode) => new() { Temperature = 0, MaxOutputTokens = 160, Tools = [Weather, Clock], ToolMode = mode };

    private static ChatMessage User(string text) => new(ChatRole.User, text);

    private static ChatMessage Assistant(string text) => new(ChatRole.Assistant, text);

    private static ChatMessage System(string text) => new(ChatRole.System, text);

    private enum Sea
    {
        North,
        Baltic,
        Aegean,
    }

    private sealed record Voyage(string Ship, int? Days, string[] Ports, Sea Sea);
}
