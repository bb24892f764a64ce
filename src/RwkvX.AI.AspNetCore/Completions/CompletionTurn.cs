using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;
using RwkvX.AI.AspNetCore.Responses;
using RwkvX.AI.Chat;

namespace RwkvX.AI.AspNetCore.Completions;

/// <summary>One answer on its way: what all its parts have in common, and what is known at its end.</summary>
/// <param name="modelId">The name under which the model was asked for.</param>
/// <param name="client">Who answers.</param>
/// <param name="time">The clock.</param>
internal sealed class CompletionTurn(string modelId, IChatClient client, TimeProvider time)
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();
    private readonly long _begun = time.GetTimestamp();
    private UsageDetails? _usage;
    private ChatFinishReason? _reason;
    private string? _conversationId;
    private bool _hasCalls;
    private long? _first;

    /// <summary>Takes what an update says about the turn as a whole, and whether it holds the first part of the answer.</summary>
    public void Take(ChatResponseUpdate update)
    {
        _reason = update.FinishReason ?? _reason;
        _conversationId = update.ConversationId ?? _conversationId;
        foreach (AIContent content in update.Contents) Take(content);
    }

    /// <summary>Takes a whole answer.</summary>
    public ChatCompletion ToCompletion(ChatResponse response)
    {
        (_reason, _conversationId, _usage) = (response.FinishReason, response.ConversationId, response.Usage);
        List<AIContent> contents = [.. response.Messages.Where(message => message.Role == ChatRole.Assistant).SelectMany(message => message.Contents)];
        foreach (AIContent content in contents.Where(content => content is not UsageContent)) Take(content);
        List<ToolCall> calls = [.. contents.OfType<FunctionCallContent>().Where(call => !call.InformationalOnly).Select(call => ToolCalls.Whole(call))];
        string text = string.Concat(contents.OfType<TextContent>().Select(content => content.Text));
        string thoughts = string.Concat(contents.OfType<TextReasoningContent>().Select(content => content.Text));
        ChatCompletionMessage message = new()
        {
            Content = text.Length == 0 && calls.Count > 0 ? null : text,
            ReasoningContent = thoughts.Length == 0 ? null : thoughts,
            ToolCalls = calls.Count == 0 ? null : calls,
        };
        return New("chat.completion", [new ChatChoice { Message = message, FinishReason = FinishReason }], hasFigures: true, hasRead: false);
    }

    /// <summary>A part of the stream.</summary>
    public ChatCompletion Chunk(ChatDelta delta) => New("chat.completion.chunk", [new ChatChoice { Delta = delta }], hasFigures: false);

    /// <summary>The part that says why the answer ended.</summary>
    public ChatCompletion FinishChunk() =>
        New("chat.completion.chunk", [new ChatChoice { Delta = new ChatDelta(), FinishReason = FinishReason }], hasFigures: false);

    /// <summary>The part that tells the usage.</summary>
    public ChatCompletion UsageChunk() => New("chat.completion.chunk", [], hasFigures: true);

    private string FinishReason => _hasCalls ? "tool_calls" : _reason?.Value switch
    {
        "length" or "content_filter" => _reason.Value.Value,
        _ => "stop",
    };

    private void Take(AIContent content)
    {
        if (content is ErrorContent error) throw new ApiException(500, "server_error", error.Message ?? "The model failed", code: error.ErrorCode);
        if (content is UsageContent usage) (_usage ??= new UsageDetails()).Add(usage.Details);
        else _first ??= time.GetTimestamp();
        if (content is FunctionCallContent { InformationalOnly: false }) _hasCalls = true;
    }

    private ChatCompletion New(string kind, IReadOnlyList<ChatChoice> choices, bool hasFigures, bool hasRead = true) => new()
    {
        Id = _id,
        Object = kind,
        Created = _created,
        Model = modelId,
        Choices = choices,
        Usage = hasFigures ? ChatUsage.Of(_usage) : null,
        Conversation = _conversationId is null ? null : new ConversationReference(_conversationId),
        Rwkvx = hasFigures ? Figures(hasRead) : null,
    };

    private TurnFigures Figures(bool hasRead)
    {
        long now = time.GetTimestamp(), first = _first ?? now;
        ChatUsage usage = ChatUsage.Of(_usage);
        return new TurnFigures(
            usage.TotalTokens,
            client.GetService<RwkvXChatClient>()?.StateBytes,
            hasRead ? Math.Round(time.GetElapsedTime(_begun, first).TotalMilliseconds, 1) : null,
            Math.Round(time.GetElapsedTime(hasRead ? first : _begun, now).TotalMilliseconds, 1));
    }
}
