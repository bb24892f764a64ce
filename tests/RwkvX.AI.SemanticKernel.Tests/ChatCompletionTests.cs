using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>Prompts, histories and streams through the kernel, over the embedded model: what comes out is what the client alone says.</summary>
public sealed class ChatCompletionTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private readonly Kernel _kernel = fixture.Kernel;
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    private IChatCompletionService Chat => _kernel.GetRequiredService<IChatCompletionService>();

    [Fact]
    public async Task Prompt_OneVariable_IsAnsweredAsByTheClient()
    {
        KernelArguments arguments = new(KernelFixture.Greedy) { ["name"] = "Nora" };
        FunctionResult result = await _kernel.InvokePromptAsync("My name is {{$name}} and I live in Oslo.", arguments, cancellationToken: _stop);
        Assert.NotEmpty(result.ToString());
        Assert.Equal(await fixture.AnswerAsync(new ChatHistory("My name is Nora and I live in Oslo.", AuthorRole.User), _stop), result.ToString());
    }

    [Fact]
    public async Task ChatHistory_EarlierTurns_AreRemembered()
    {
        ChatHistory history = new("You are friendly.");
        history.AddUserMessage("The access code for the grey door is 23902.");
        history.AddAssistantMessage("Noted.");
        history.AddUserMessage("What is the access code for the grey door?");
        IReadOnlyList<ChatMessageContent> answers = await Chat.GetChatMessageContentsAsync(history, KernelFixture.Greedy, _kernel, _stop);
        ChatMessageContent answer = Assert.Single(answers);
        Assert.Equal(await fixture.AnswerAsync(history, _stop), answer.Content);
        Assert.Contains("23902", answer.Content);
        Assert.Equal(AuthorRole.Assistant, answer.Role);
        Assert.Equal("embedded", answer.ModelId);
        UsageDetails usage = Assert.IsType<UsageDetails>(answer.Metadata!["Usage"]);
        Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
    }

    [Fact]
    public async Task Streaming_Parts_JoinToTheAnswer()
    {
        ChatHistory history = new("Hello! How are you today?", AuthorRole.User);
        List<StreamingChatMessageContent> parts = [];
        await foreach (StreamingChatMessageContent part in Chat.GetStreamingChatMessageContentsAsync(history, KernelFixture.Greedy, _kernel, _stop))
        {
            parts.Add(part);
        }

        Assert.True(parts.Count > 2, $"expected a stream, found {parts.Count} parts");
        Assert.Equal(await fixture.AnswerAsync(history, _stop), string.Concat(parts.Select(part => part.Content)));
    }

    [Fact]
    public async Task PromptStreaming_ChatPrompt_ReadsItsMessages()
    {
        const string Prompt = """
            <message role="user">Leo has moved to Accra.</message>
            <message role="assistant">I will remember that.</message>
            <message role="user">In which city does Leo live?</message>
            """;
        List<string> parts = [];
        await foreach (string part in _kernel.InvokePromptStreamingAsync<string>(Prompt, new(KernelFixture.Greedy), cancellationToken: _stop)) parts.Add(part);
        Assert.Contains("Accra", string.Concat(parts));
    }

    [Fact]
    public void Attributes_ModelId_IsTheModels() => Assert.Equal("embedded", Chat.GetModelId());

    [Fact]
    public async Task Settings_OtherModel_IsRefused()
    {
        PromptExecutionSettings settings = new() { ModelId = "another" };
        Exception error = await Assert.ThrowsAsync<Chat.ModelNotLoadedException>(() => Chat.GetChatMessageContentsAsync("Hello", settings, _kernel, _stop));
        Assert.Contains("another", error.Message);
    }
}
