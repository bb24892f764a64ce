using System.Text.Json.Serialization;

namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>A whole answer.</summary>
internal sealed class ChatCompletionMessage
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary>The text; null where there are only tool calls.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Content { get; init; }

    /// <summary>Always null: the model has no form for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }

    /// <summary>What the model thought before it answered; null where it did not. Not OpenAI's, but known to many clients.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Tools to be called; null for none.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }
}
