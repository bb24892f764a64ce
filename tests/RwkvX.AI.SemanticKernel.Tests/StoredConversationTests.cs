using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.TextGeneration;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>Ids of stored conversations through the kernel: from settings to the client, and back in the metadata of answers.</summary>
public sealed class StoredConversationTests
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConversationId_TypedAndPlain_ReachesTheClientAndComesBack(bool isTyped)
    {
        PromptExecutionSettings settings = isTyped
            ? new RwkvXPromptExecutionSettings { ConversationId = "c" }
            : new PromptExecutionSettings { ExtensionData = new Dictionary<string, object> { ["conversation_id"] = "c" } };
        (Kernel kernel, _, ScriptedChatClient client) = Storing();
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        Assert.Equal("c", (await chat.GetChatMessageContentAsync("Hello", settings, kernel, _stop)).Metadata!["conversation_id"]);
        await foreach (StreamingChatMessageContent part in chat.GetStreamingChatMessageContentsAsync("Hello", settings, kernel, _stop))
        {
            Assert.Equal("c", part.Metadata!["conversation_id"]);
        }

        ITextGenerationService text = kernel.GetRequiredService<ITextGenerationService>();
        Assert.Equal("c", (await text.GetTextContentsAsync("Hello", settings, kernel, _stop))[0].Metadata!["conversation_id"]);
        Assert.Equal(3, client.Requests.Count);
        Assert.All(client.Requests, request => Assert.Equal("c", request.Options.ConversationId));
        Assert.All(client.Requests, request => Assert.False(request.Options.AdditionalProperties?.ContainsKey("conversation_id") ?? false));
    }

    [Fact]
    public async Task History_WithTheAnswers_OnlyNewMessagesAreSent()
    {
        (Kernel kernel, _, ScriptedChatClient client) = Storing();
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        ChatHistory history = new("Be brief.");
        history.AddUserMessage("One");
        history.Add(await chat.GetChatMessageContentAsync(history, cancellationToken: _stop));
        history.AddUserMessage("Two");
        string id = Assert.IsType<string>(history[2].Metadata!["conversation_id"]);
        history.Add(await chat.GetChatMessageContentAsync(history, new RwkvXPromptExecutionSettings { ConversationId = id }, kernel, _stop));
        Assert.Equal(["Be brief.", "One"], client.Requests[0].Messages.Select(message => message.Text));
        Assert.Equal(["Two"], client.Requests[1].Messages.Select(message => message.Text));
        await chat.GetChatMessageContentAsync(history, new RwkvXPromptExecutionSettings { ConversationId = "another" }, kernel, _stop);
        Assert.Equal(history.Count, client.Requests[2].Messages.Count);
    }

    [Theory]
    [InlineData("c", false)]
    [InlineData("c", true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public async Task PluginCall_SecondRequest_SendsOnlyTheResult(string? id, bool streams)
    {
        (Kernel kernel, WeatherPlugin plugin, ScriptedChatClient client) = Storing();
        RwkvXPromptExecutionSettings settings = new() { ConversationId = id, FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
        string answer = "";
        if (streams)
        {
            await foreach (string part in kernel.InvokePromptStreamingAsync<string>("Weather?", new(settings), cancellationToken: _stop)) answer += part;
        }
        else
        {
            answer = (await kernel.InvokePromptAsync("Weather?", new(settings), cancellationToken: _stop)).ToString();
        }

        Assert.Equal("It says: rain in Oslo", answer);
        Assert.Equal(["Oslo"], plugin.Cities);
        Assert.Equal(2, client.Requests.Count);
        Assert.Equal("c", client.Requests[1].Options.ConversationId);
        Assert.Equal(ChatRole.Tool, Assert.Single(client.Requests[1].Messages).Role);
    }

    [Fact]
    public async Task ConversationId_NotAText_IsRefused()
    {
        (Kernel kernel, _, _) = Storing();
        PromptExecutionSettings settings = new() { ExtensionData = new Dictionary<string, object> { ["conversation_id"] = 5 } };
        Exception error = await Assert.ThrowsAsync<ArgumentException>(() =>
            kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentsAsync("Hello", settings, kernel, _stop));
        Assert.Contains("conversation_id: expected a text, found '5'", error.Message);
    }

    private static (Kernel Kernel, WeatherPlugin Plugin, ScriptedChatClient Client) Storing()
    {
        (Kernel kernel, WeatherPlugin plugin, ScriptedChatClient client) = KernelFixture.Scripted();
        client.ConversationId = "c";
        return (kernel, plugin, client);
    }
}
