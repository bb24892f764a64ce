using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.TextGeneration;
using Xunit;
using TextContent = Microsoft.SemanticKernel.TextContent;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary><see cref="RwkvXTextGenerationService"/> over the embedded model.</summary>
public sealed class TextGenerationTests(KernelFixture fixture) : IClassFixture<KernelFixture>
{
    private const string Prompt = "My name is Nora and I live in Oslo.";
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    private ITextGenerationService Service => fixture.Kernel.GetRequiredService<ITextGenerationService>();

    [Fact]
    public async Task Text_Prompt_IsTheClientsAnswer()
    {
        TextContent text = Assert.Single(await Service.GetTextContentsAsync(Prompt, KernelFixture.Greedy, cancellationToken: _stop));
        Assert.Equal(await fixture.AnswerAsync(new ChatHistory(Prompt, AuthorRole.User), _stop), text.Text);
        Assert.Equal("embedded", text.ModelId);
        Assert.True(Assert.IsType<UsageDetails>(text.Metadata!["Usage"]).OutputTokenCount > 0);
        Assert.Contains(text.Metadata["FinishReason"], (object[])["stop", "length"]);
    }

    [Fact]
    public async Task Streaming_Parts_JoinToTheText()
    {
        List<StreamingTextContent> parts = [];
        await foreach (StreamingTextContent part in Service.GetStreamingTextContentsAsync(Prompt, KernelFixture.Greedy, cancellationToken: _stop)) parts.Add(part);
        Assert.True(parts.Count > 2, $"expected a stream, found {parts.Count} parts");
        Assert.Equal(await fixture.AnswerAsync(new ChatHistory(Prompt, AuthorRole.User), _stop), string.Concat(parts.Select(part => part.Text)));
        Assert.Single(parts, part => part.Metadata!.ContainsKey("Usage"));
        Assert.Single(parts, part => part.Metadata!.ContainsKey("FinishReason"));
    }

    [Fact]
    public async Task Text_NullPrompt_Throws() =>
        await Assert.ThrowsAsync<ArgumentNullException>(() => Service.GetTextContentsAsync(null!, cancellationToken: _stop));

    [Fact]
    public async Task Streaming_Cancelled_Stops()
    {
        using CancellationTokenSource stop = new();
        int parts = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamingTextContent _ in Service.GetStreamingTextContentsAsync(Prompt, KernelFixture.Greedy, cancellationToken: stop.Token))
            {
                parts++;
                await stop.CancelAsync();
            }
        });
        Assert.Equal(1, parts);
    }
}
