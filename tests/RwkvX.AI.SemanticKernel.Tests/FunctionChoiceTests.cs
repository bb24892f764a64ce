using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.TextGeneration;
using RwkvX.AI.Testing;
using Xunit;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>Plugins through the kernel's function choice behaviours, over a client that calls the tools it is offered.</summary>
public sealed class FunctionChoiceTests
{
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Auto_Prompt_InvokesThePluginAndAnswersWithItsResult()
    {
        (Kernel kernel, WeatherPlugin plugin, ScriptedChatClient client) = KernelFixture.Scripted();
        CountingFilter filter = new();
        kernel.AutoFunctionInvocationFilters.Add(filter);
        FunctionResult result = await kernel.InvokePromptAsync("Weather?", new(With(FunctionChoiceBehavior.Auto())), cancellationToken: _stop);
        Assert.Equal("It says: rain in Oslo", result.ToString());
        Assert.Equal(["Oslo"], plugin.Cities);
        Assert.Equal(["Weather"], filter.Functions);
        Assert.Equal(2, client.Requests.Count);
        Assert.IsType<AutoChatToolMode>(client.Requests[0].Options.ToolMode);
        Assert.Equal(2, client.Requests[0].Options.Tools!.Count);
    }

    [Fact]
    public async Task Auto_Streaming_InvokesThePluginAndKeepsTheHistory()
    {
        (Kernel kernel, WeatherPlugin plugin, _) = KernelFixture.Scripted();
        ChatHistory history = new("Weather?", AuthorRole.User);
        List<string?> parts = [];
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        await foreach (StreamingChatMessageContent part in chat.GetStreamingChatMessageContentsAsync(history, With(FunctionChoiceBehavior.Auto()), kernel, _stop))
        {
            parts.Add(part.Content);
        }

        Assert.Equal("It says: rain in Oslo", string.Concat(parts));
        Assert.Equal(["Oslo"], plugin.Cities);
        Assert.Equal([AuthorRole.User, AuthorRole.Assistant, AuthorRole.Tool], history.Select(message => message.Role));
    }

    [Fact]
    public async Task Auto_WithoutInvocation_HandsTheCallOver()
    {
        (Kernel kernel, WeatherPlugin plugin, _) = KernelFixture.Scripted();
        IChatCompletionService chat = kernel.GetRequiredService<IChatCompletionService>();
        PromptExecutionSettings settings = With(FunctionChoiceBehavior.Auto(autoInvoke: false));
        ChatMessageContent answer = await chat.GetChatMessageContentAsync("Weather?", settings, kernel, _stop);
        Microsoft.SemanticKernel.FunctionCallContent call = Assert.Single(Microsoft.SemanticKernel.FunctionCallContent.GetFunctionCalls(answer));
        Assert.Equal(("call-1", "Oslo"), (call.Id, call.Arguments!["city"]));
        Assert.Empty(plugin.Cities);
    }

    [Fact]
    public async Task Required_FirstRequest_DemandsATool()
    {
        (Kernel kernel, WeatherPlugin plugin, ScriptedChatClient client) = KernelFixture.Scripted();
        PromptExecutionSettings settings = With(FunctionChoiceBehavior.Required([kernel.Plugins.GetFunction("Outside", "Weather")]));
        FunctionResult result = await kernel.InvokePromptAsync("Weather?", new(settings), cancellationToken: _stop);
        Assert.Equal("It says: rain in Oslo", result.ToString());
        Assert.Equal(["Oslo"], plugin.Cities);
        Assert.IsType<RequiredChatToolMode>(client.Requests[0].Options.ToolMode);
        Assert.Single(client.Requests[0].Options.Tools!);
        Assert.IsNotType<RequiredChatToolMode>(client.Requests[1].Options.ToolMode); // or it would never answer
    }

    [Fact]
    public async Task None_Tools_AreShownButNotCalled()
    {
        (Kernel kernel, WeatherPlugin plugin, ScriptedChatClient client) = KernelFixture.Scripted();
        FunctionResult result = await kernel.InvokePromptAsync("Weather?", new(With(FunctionChoiceBehavior.None())), cancellationToken: _stop);
        Assert.Equal("no tool", result.ToString());
        Assert.Empty(plugin.Cities);
        Assert.IsType<NoneChatToolMode>(client.Requests[0].Options.ToolMode);
        Assert.Equal(2, client.Requests[0].Options.Tools!.Count);
    }

    [Fact]
    public async Task Auto_TextGeneration_InvokesThePlugin()
    {
        (Kernel kernel, WeatherPlugin plugin, _) = KernelFixture.Scripted();
        ITextGenerationService service = kernel.GetRequiredService<ITextGenerationService>();
        Microsoft.SemanticKernel.TextContent text = Assert.Single(await service.GetTextContentsAsync("Weather?", With(FunctionChoiceBehavior.Auto()), kernel, _stop));
        Assert.Equal("It says: rain in Oslo", text.Text);
        Assert.Equal(["Oslo"], plugin.Cities);
    }

    private static RwkvXPromptExecutionSettings With(FunctionChoiceBehavior behavior) => new() { FunctionChoiceBehavior = behavior };

    private sealed class CountingFilter : IAutoFunctionInvocationFilter
    {
        public List<string> Functions { get; } = [];

        public Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
        {
            Functions.Add(context.Function.Name);
            return next(context);
        }
    }
}
