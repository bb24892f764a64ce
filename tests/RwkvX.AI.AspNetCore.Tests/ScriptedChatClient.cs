using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.AspNetCore.Tests;

/// <summary>A chat client that says what the test wants, and remembers what it was asked.</summary>
internal sealed class ScriptedChatClient : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new("scripted", providerUri: null, "scripted-1");

    /// <summary>The contents to answer with; the last update carries the finish reason and a usage of 11 + 7 tokens, 5 cached.</summary>
    public Func<IReadOnlyList<ChatMessage>, ChatOptions?, CancellationToken, IAsyncEnumerable<AIContent>> Script { get; set; } =
        (_, _, _) => Say("Hello", ", ", "world", ".");

    /// <summary>Why the answer ends.</summary>
    public ChatFinishReason FinishReason { get; set; } = ChatFinishReason.Stop;

    /// <summary>The conversation that the answer belongs to.</summary>
    public string? ConversationId { get; set; }

    /// <summary>All requests so far.</summary>
    public ConcurrentQueue<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> Requests { get; } = [];

    /// <summary>The only request.</summary>
    public (IReadOnlyList<ChatMessage> Messages, ChatOptions Options) Request
    {
        get
        {
            (IReadOnlyList<ChatMessage> messages, ChatOptions? options) = Xunit.Assert.Single(Requests);
            return (messages, options ?? throw new InvalidOperationException("no options"));
        }
    }

    /// <summary>Sets the contents.</summary>
    public void Answer(params AIContent[] contents) => Script = (_, _, _) => contents.ToAsyncEnumerable();

    /// <summary>Sets an error instead of an answer.</summary>
    public void Fail(Exception exception) => Script = (_, _, _) => throw exception;

    /// <summary>Texts as contents.</summary>
    public static IAsyncEnumerable<AIContent> Say(params string[] parts) => parts.Select(part => (AIContent)new TextContent(part)).ToAsyncEnumerable();

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> all = [.. messages];
        Requests.Enqueue((all, options));
        await foreach (AIContent content in Script(all, options, cancellationToken).WithCancellation(cancellationToken)) yield return Update(content);
        UsageDetails usage = new() { InputTokenCount = 11, OutputTokenCount = 7, TotalTokenCount = 18, CachedInputTokenCount = 5 };
        ChatResponseUpdate last = Update(new UsageContent(usage));
        last.FinishReason = FinishReason;
        yield return last;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(ChatClientMetadata) ? Metadata : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
    }

    private ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
    {
        ResponseId = "response-1",
        MessageId = "message-1",
        ConversationId = ConversationId,
    };
}
