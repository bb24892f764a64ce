using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using Xunit;
using ChatMessage = OpenAI.Chat.ChatMessage;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>Tools and structured output, asked for by OpenAI's own client.</summary>
public sealed class OpenAIToolTests
{
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""";
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("get_weather", "Tells the weather.", BinaryData.FromString(Schema));
    private static readonly ChatTool Time = ChatTool.CreateFunctionTool("get_time");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Complete_Call_GoesRoundWithItsResult()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Script = (messages, _, _) => messages[^1].Contents.OfType<FunctionResultContent>().FirstOrDefault() is { } result
            ? ScriptedChatClient.Say($"It is {result.Result} ({result.CallId}).")
            : new AIContent[] { new FunctionCallContent("call_1", "get_weather", new Dictionary<string, object?> { ["city"] = "Accra", ["days"] = 2 }) }.ToAsyncEnumerable();
        List<ChatMessage> messages = [new UserChatMessage("How is the weather in Accra?")];
        ChatCompletionOptions options = new() { Tools = { Weather, Time } };

        ChatCompletion first = await host.Chat().CompleteChatAsync(messages, options, Cancel);
        messages.Add(new AssistantChatMessage(first));
        messages.Add(new ToolChatMessage(first.ToolCalls[0].Id, "sunny"));
        ChatCompletion second = await host.Chat().CompleteChatAsync(messages, options, Cancel);

        Assert.Equal(OpenAI.Chat.ChatFinishReason.ToolCalls, first.FinishReason);
        Assert.Empty(first.Content);
        ChatToolCall call = Assert.Single(first.ToolCalls);
        Assert.Equal(("call_1", "get_weather", """{"city":"Accra","days":2}"""), (call.Id, call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal("It is sunny (call_1).", second.Content[0].Text);
        (IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> seen, ChatOptions? seenOptions) = host.Client.Requests.Last();
        FunctionCallContent echoed = Assert.Single(seen[1].Contents.OfType<FunctionCallContent>());
        Assert.Equal("Accra", Assert.IsType<JsonElement>(echoed.Arguments!["city"]).GetString());
        AIFunctionDeclaration declared = Assert.IsAssignableFrom<AIFunctionDeclaration>(seenOptions!.Tools![0]);
        Assert.Equal(("get_weather", "Tells the weather."), (declared.Name, declared.Description));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Schema), declared.JsonSchema));
        Assert.Equal("object", Assert.IsAssignableFrom<AIFunctionDeclaration>(seenOptions.Tools[1]).JsonSchema.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Stream_TextAndTwoCalls_ArePutTogetherByIndex()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.Answer(
            new TextContent("Let me see. "),
            new FunctionCallContent("call_1", "get_weather", new Dictionary<string, object?> { ["city"] = "Zürich" }),
            new FunctionCallContent("call_2", "get_time", arguments: null));
        Dictionary<int, (string Id, string Name, StringBuilder Arguments)> calls = [];
        List<OpenAI.Chat.ChatFinishReason> reasons = [];
        string text = "";

        await foreach (StreamingChatCompletionUpdate update in host.Chat().CompleteChatStreamingAsync(
            [new UserChatMessage("Weather and time?")], new ChatCompletionOptions { Tools = { Weather, Time } }, Cancel))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            if (update.FinishReason is { } reason) reasons.Add(reason);
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                if (!calls.ContainsKey(call.Index)) calls[call.Index] = (call.ToolCallId, call.FunctionName, new StringBuilder());
                calls[call.Index].Arguments.Append(call.FunctionArgumentsUpdate);
            }
        }

        Assert.Equal("Let me see. ", text);
        Assert.Equal([OpenAI.Chat.ChatFinishReason.ToolCalls], reasons);
        Assert.Equal(
            [(0, "call_1", "get_weather", """{"city":"Zürich"}"""), (1, "call_2", "get_time", "{}")],
            calls.Select(call => (call.Key, call.Value.Id, call.Value.Name, call.Value.Arguments.ToString())));
    }

    [Fact]
    public async Task Complete_ToolChoices_BecomeToolModes()
    {
        (ChatToolChoice? Choice, ChatToolMode? Mode)[] cases =
        [
            (null, null),
            (ChatToolChoice.CreateAutoChoice(), ChatToolMode.Auto),
            (ChatToolChoice.CreateNoneChoice(), ChatToolMode.None),
            (ChatToolChoice.CreateRequiredChoice(), ChatToolMode.RequireAny),
            (ChatToolChoice.CreateFunctionChoice("get_time"), ChatToolMode.RequireSpecific("get_time")),
        ];
        await using EndpointHost host = await EndpointHost.StartAsync();
        foreach ((ChatToolChoice? choice, ChatToolMode? mode) in cases)
        {
            ChatCompletionOptions options = new() { Tools = { Weather, Time }, ToolChoice = choice, AllowParallelToolCalls = choice is null ? null : false };
            await host.Chat().CompleteChatAsync([new UserChatMessage("Hi")], options, Cancel);
            ChatOptions seen = host.Client.Requests.Last().Options!;
            Assert.Equal(mode, seen.ToolMode);
            Assert.Equal(choice is null ? null : false, seen.AllowMultipleToolCalls);
            Assert.Equal(2, seen.Tools!.Count);
        }
    }

    [Fact]
    public async Task Complete_AllowedTools_LeavesTheOthersOut()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();

        await host.PostAsync("""
            {"messages":[{"role":"user","content":"Hi"}],
             "tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}],
             "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"b"}}]}}}
            """);

        Assert.Equal(["b"], host.Client.Request.Options.Tools!.Select(tool => tool.Name));
        Assert.Equal(ChatToolMode.RequireAny, host.Client.Request.Options.ToolMode);
    }

    [Fact]
    public async Task Post_StoredConversation_TakesResultsOfEarlierCalls()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        host.Client.ConversationId = "conv-1";

        (_, JsonElement body) = await host.PostAsync("""{"conversation":{"id":"conv-1"},"messages":[{"role":"tool","tool_call_id":"call_1","content":"sunny"}]}""");

        Assert.Equal("conv-1", body.GetProperty("conversation").GetProperty("id").GetString());
        Assert.Equal("conv-1", host.Client.Request.Options.ConversationId);
        Assert.Equal("call_1", Assert.Single(host.Client.Request.Messages[0].Contents.OfType<FunctionResultContent>()).CallId);
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData(",\"store\":true", null, true)]
    [InlineData(",\"store\":false", null, false)]
    [InlineData(",\"store\":true,\"conversation\":\"c\"", "c", null)]
    [InlineData(",\"metadata\":{\"conversation\":\"c\",\"other\":\"x\"}", "c", null)]
    public async Task Post_Store_ReachesTheClient(string fields, string? conversation, bool? store)
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        await host.PostAsync($$"""{"messages":[{"role":"user","content":"Hi"}]{{fields}}}""");
        ChatOptions options = host.Client.Request.Options;
        object? value = null;
        options.AdditionalProperties?.TryGetValue("rwkvx.store", out value);
        Assert.Equal((conversation, store), (options.ConversationId, (bool?)value));
    }

    [Fact]
    public async Task Complete_ResponseFormats_ReachTheClient()
    {
        await using EndpointHost host = await EndpointHost.StartAsync();
        OpenAI.Chat.ChatResponseFormat[] formats =
        [
            OpenAI.Chat.ChatResponseFormat.CreateTextFormat(),
            OpenAI.Chat.ChatResponseFormat.CreateJsonObjectFormat(),
            OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("city", BinaryData.FromString(Schema), "A city.", jsonSchemaIsStrict: true),
        ];
        foreach (OpenAI.Chat.ChatResponseFormat format in formats)
            await host.Chat().CompleteChatAsync([new UserChatMessage("Hi")], new ChatCompletionOptions { ResponseFormat = format }, Cancel);

        Microsoft.Extensions.AI.ChatResponseFormat?[] seen = [.. host.Client.Requests.Select(request => request.Options!.ResponseFormat)];
        Assert.IsType<ChatResponseFormatText>(seen[0]);
        Assert.Null(Assert.IsType<ChatResponseFormatJson>(seen[1]).Schema);
        ChatResponseFormatJson schema = Assert.IsType<ChatResponseFormatJson>(seen[2]);
        Assert.Equal(("city", "A city."), (schema.SchemaName, schema.SchemaDescription));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Schema), schema.Schema!.Value));
    }
}
