using System.Text.Json.Serialization;

namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>The answer, or what a part of a stream adds to it.</summary>
internal sealed class ChatChoice
{
    /// <summary>Always 0: a request has one answer.</summary>
    public int Index { get; init; }

    /// <summary>The whole message; null in a stream.</summary>
    public ChatCompletionMessage? Message { get; init; }

    /// <summary>What is added; null outside of a stream.</summary>
    public ChatDelta? Delta { get; init; }

    /// <summary>Why the answer ended: <c>stop</c>, <c>length</c>, <c>tool_calls</c> or <c>content_filter</c>; null before its end.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }
}
