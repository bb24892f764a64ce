using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using OpenAI.Chat;
using RwkvX.AI.AspNetCore.Tests.Page;
using RwkvX.AI.Testing;
using Xunit;
using ChatMessage = OpenAI.Chat.ChatMessage;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>The embedded model behind the endpoint, asked by OpenAI's client and from the page.</summary>
public sealed class EmbeddedModelTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAIClient_Conversation_IsRememberedAndEqualsTheChatClient()
    {
        await using EndpointHost host = await StartAsync();
        OpenAI.Chat.ChatClient chat = host.Chat(Repository.EmbeddedModelName);
        ChatCompletionOptions greedy = new() { Temperature = 0 };
        List<ChatMessage> messages = [new UserChatMessage("Hi! My name is Leo.")];

        ChatCompletion first = await chat.CompleteChatAsync(messages, greedy, Cancel);
        messages.AddRange([new AssistantChatMessage(first), new UserChatMessage("What is my name?")]);
        string second = "";
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(messages, greedy, Cancel))
        {
            second += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        Assert.Contains("Leo", second, StringComparison.Ordinal);
        Assert.True(usage!.InputTokenDetails.CachedTokenCount > usage.InputTokenCount / 2, $"{usage.InputTokenDetails.CachedTokenCount} of {usage.InputTokenCount} known");
        IChatClient direct = host.App.Services.GetRequiredService<IChatClient>();
        ChatResponse twin = await direct.GetResponseAsync(
            [new(ChatRole.User, "Hi! My name is Leo."), new(ChatRole.Assistant, first.Content[0].Text), new(ChatRole.User, "What is my name?")],
            new ChatOptions { Temperature = 0 }, Cancel);
        Assert.Equal(twin.Text, second);
    }

    [Fact]
    public async Task Conversation_Stored_GoesOnByItsId()
    {
        await using EndpointHost host = await StartAsync();
        (_, JsonElement first) = await host.PostAsync("""{"messages":[{"role":"user","content":"Hi! My name is Leo."}],"temperature":0,"store":true}""");
        string id = first.GetProperty("conversation").GetProperty("id").GetString()!;
        (_, JsonElement second) = await host.PostAsync($$"""{"messages":[{"role":"user","content":"What is my name?"}],"temperature":0,"conversation":"{{id}}"}""");
        string[] third = await host.StreamAsync($$"""{"messages":[{"role":"user","content":"And what was it?"}],"temperature":0,"metadata":{"conversation":"{{id}}"},"stream":true}""");
        (HttpStatusCode status, JsonElement missing) = await host.PostAsync("""{"messages":[{"role":"user","content":"Hi"}],"conversation":"nobody"}""");
        (_, JsonElement plain) = await host.PostAsync("""{"messages":[{"role":"user","content":"Hi"}],"temperature":0}""");

        Assert.Contains("Leo", second.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(id, second.GetProperty("conversation").GetProperty("id").GetString());
        Assert.True(second.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt64() > 0);
        Assert.All(third[..^1], line => Assert.Contains($"\"conversation\":{{\"id\":\"{id}\"}}", line, StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.NotFound, "conversation_not_found"), (status, EndpointHost.Error(missing).Code));
        Assert.False(plain.TryGetProperty("conversation", out _));
    }

    [Fact]
    public async Task OpenAIClient_RequiredToolAndSchema_AreObeyed()
    {
        await using EndpointHost host = await StartAsync();
        OpenAI.Chat.ChatClient chat = host.Chat(Repository.EmbeddedModelName);
        BinaryData schema = BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string","maxLength":12}},"required":["city"],"additionalProperties":false}""");
        ChatCompletionOptions tools = new() { Temperature = 0, MaxOutputTokenCount = 200, Tools = { ChatTool.CreateFunctionTool("get_weather", "Tells the weather.", schema) }, ToolChoice = ChatToolChoice.CreateRequiredChoice() };
        ChatCompletionOptions json = new() { Temperature = 0, MaxOutputTokenCount = 200, ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("city", schema) };

        ChatCompletion whole = await chat.CompleteChatAsync([new UserChatMessage("How is the weather in Accra?")], tools, Cancel);
        StringBuilder arguments = new();
        string? name = null;
        OpenAI.Chat.ChatFinishReason? reason = null;
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new UserChatMessage("How is the weather in Accra?")], tools, Cancel))
        {
            reason = update.FinishReason ?? reason;
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                name ??= call.FunctionName;
                if (call.Index == 0) arguments.Append(call.FunctionArgumentsUpdate);
            }
        }

        ChatCompletion structured = await chat.CompleteChatAsync([new UserChatMessage("Where do I live? I live in Accra.")], json, Cancel);

        Assert.Equal("get_weather", whole.ToolCalls[0].FunctionName);
        Assert.Equal("get_weather", name);
        Assert.Equal(OpenAI.Chat.ChatFinishReason.ToolCalls, reason);
        Assert.Equal(JsonValueKind.String, JsonElement.Parse(whole.ToolCalls[0].FunctionArguments.ToString()).GetProperty("city").ValueKind);
        Assert.Equal(whole.ToolCalls[0].FunctionArguments.ToString(), arguments.ToString());
        Assert.Equal(JsonValueKind.String, JsonElement.Parse(structured.Content[0].Text).GetProperty("city").ValueKind);
    }

    [Fact]
    public async Task Post_NoRoom_Gives429WhileTheOtherIsRead()
    {
        await using EndpointHost host = await EndpointHost.StartAsync(
            options => options.KeepAliveInterval = TimeSpan.FromMilliseconds(50),
            services => services.AddRwkvX(options => (options.MaxActiveRequests, options.MaxQueuedRequests) = (1, 0)));
        const string Short = """{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}""";
        string text = string.Concat(Enumerable.Range(0, 10_000).Select(number => $"Line {number} says nothing. ")); // takes a while to read: it is left
        object request = new { stream = true, messages = new[] { new { role = "user", content = text } } };
        using HttpRequestMessage post = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(JsonSerializer.Serialize(request), Encoding.UTF8, "application/json") };

        HttpResponseMessage reading = await host.Http.SendAsync(post, HttpCompletionOption.ResponseHeadersRead, Cancel); // begun, and silent
        (HttpStatusCode status, JsonElement body) = await host.PostAsync(Short);
        reading.Dispose();

        Assert.Equal(HttpStatusCode.OK, reading.StatusCode);
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_exceeded"), (status, EndpointHost.Error(body).Code));
        while (status == HttpStatusCode.TooManyRequests) (status, _) = await host.PostAsync(Short); // until the place is given back
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Theory]
    [InlineData("""
        "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","unevaluatedProperties":false}}}
        """, "response_format", "unsupported_schema", "#/unevaluatedProperties")]
    [InlineData("""
        "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"oneOf":[{"type":"integer"},{"type":"number"}]}}}
        """, "response_format", "unsupported_schema", "not provably disjoint")]
    [InlineData("""
        "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"const":"\ud800"}}}
        """, "response_format", "unsupported_schema", "surrogate")]
    [InlineData("""
        "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"x":{"if":true}}}}}]
        """, "tools", "unsupported_schema", "the function f: #/properties/x/if")]
    [InlineData("""
        "response_format":{"type":"json_object"},"max_tokens":1
        """, "max_completion_tokens", "invalid_value", "raise the limit")]
    [InlineData("""
        "max_tokens":9,"conversation":"nobodys"
        """, "conversation", "conversation_not_found", "nobodys")]
    public async Task Post_WhatTheModelCannotDo_IsTheCallersErrorAndNoErrorInTheLog(string fields, string param, string code, string message)
    {
        FakeLogCollector log = new();
        await using EndpointHost host = await EndpointHost.StartAsync(services: services =>
        {
            services.AddRwkvX();
            services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(log)));
        });
        foreach (string stream in (string[])["", ",\"stream\":true"]) // nothing was sent yet: a stream has a status, too
        {
            (HttpStatusCode status, JsonElement body) = await host.PostAsync($$"""{"messages":[{"role":"user","content":"Hi, xylophone"}],{{fields.Trim()}}{{stream}}}""");
            (string found, string type, string? foundParam, string? foundCode) = EndpointHost.Error(body);
            Assert.Equal(code == "conversation_not_found" ? HttpStatusCode.NotFound : HttpStatusCode.BadRequest, status);
            Assert.Equal(("invalid_request_error", param, code), (type, foundParam, foundCode));
            Assert.Contains(message, found, StringComparison.Ordinal);
        }

        IReadOnlyList<FakeLogRecord> records = log.GetSnapshot();
        Assert.Contains(records, record => record.Category == "RwkvX.AI.Chat.RwkvXChatClient" && record.Message.StartsWith("Refused", StringComparison.Ordinal));
        Assert.DoesNotContain(records, record => record.Level >= LogLevel.Warning || record.Message.Contains("xylophone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_Conversation_IsRememberedOverAReload()
    {
        await using EndpointHost host = await StartAsync();
        await using PageTab tab = await PageTab.OpenAsync(chromium.Browser, host.Address);
        await tab.Page.EvaluateAsync("localStorage.setItem('rwkvx.temperature', '0')");
        await tab.ReloadAsync();
        await tab.AskAsync("Hi! My name is Leo.");
        await tab.AnsweredAsync();
        await tab.ReloadAsync();
        await tab.AskAsync("What is my name?");
        await tab.AnsweredAsync();

        Assert.Contains("Leo", await tab.LastAnswer.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Matches("^[0-9.]+ [KM]B$", await tab.Page.Locator("#state").InnerTextAsync());
        Assert.Matches("^[0-9]+ tokens known, [0-9]+ read, [0-9]+ written$", await tab.Page.Locator("#messages .meta").Last.InnerTextAsync());
    }

    private static Task<EndpointHost> StartAsync() => EndpointHost.StartAsync(services: services => services.AddRwkvX());
}
