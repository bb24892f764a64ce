namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>A call of a tool, or what a part of a stream adds to one.</summary>
internal sealed class ToolCall
{
    /// <summary>Which call of the answer, in a stream; null outside of one.</summary>
    public int? Index { get; init; }

    /// <summary>The id that the result will name; only in the first part of a call.</summary>
    public string? Id { get; init; }

    /// <summary><c>function</c>; only in the first part of a call.</summary>
    public string? Type { get; init; }

    /// <summary>Name and arguments.</summary>
    public required ToolCallFunction Function { get; init; }
}
