using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using OpenAI.Chat;
using RwkvX.AI.AspNetCore.Tests.Page;
using RwkvX.AI.Chat;
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
        OpenAI.Chat.ChatClient chat = host.Chat("rwkvx-10m");
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
    public async Task Post_WhatTheModelCannotDo_Gives400()
    {
        await using EndpointHost host = await StartAsync();
        (System.Net.HttpStatusCode status, System.Text.Json.JsonElement body) = await host.PostAsync("""
            {"messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","unevaluatedProperties":false}}}}
            """);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, status);
        Assert.Contains("unevaluatedProperties", EndpointHost.Error(body).Message, StringComparison.Ordinal);
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
