namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>What a part of a stream adds to the answer.</summary>
internal sealed class ChatDelta
{
    /// <summary><c>assistant</c> in the first part, null afterwards.</summary>
    public string? Role { get; init; }

    /// <summary>More text.</summary>
    public string? Content { get; init; }

    /// <summary>More of what the model thinks before it answers.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>More of the tool calls.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }
}
