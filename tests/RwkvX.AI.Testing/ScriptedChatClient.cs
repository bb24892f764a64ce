using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace RwkvX.AI.Testing;

/// <summary>A chat client whose answers are scripted from the request, one update a content, and that keeps what it was asked.</summary>
/// <param name="answer">The contents of the answer.</param>
public sealed class ScriptedChatClient(Func<ScriptedRequest, IEnumerable<AIContent>> answer) : IChatClient
{
    /// <summary>The requests so far, in their order.</summary>
    public List<ScriptedRequest> Requests { get; } = [];

    /// <summary>The id that every answer carries.</summary>
    public string? ConversationId { get; set; }

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ScriptedRequest request = new([.. messages], options?.Clone() ?? new ChatOptions());
        Requests.Add(request);
        string id = $"response-{Requests.Count}";
        AIContent[] contents = [.. answer(request)];
        AIContent usage = new UsageContent(new UsageDetails { InputTokenCount = 3, OutputTokenCount = contents.Length, TotalTokenCount = 3 + contents.Length });
        foreach (AIContent content in (AIContent[])[.. contents, usage])
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content])
            {
                ResponseId = id,
                MessageId = id,
                ModelId = "scripted",
                ConversationId = ConversationId,
                FinishReason = content != usage ? null : contents.Any(c => c is FunctionCallContent) ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            };
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("scripted", providerUri: null, "scripted")
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
