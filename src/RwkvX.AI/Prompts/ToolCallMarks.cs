namespace RwkvX.AI.Prompts;

/// <summary>What stands around a call of a function in an answer: <c>Open {"name": …, "arguments": {…}} Close</c>.</summary>
/// <param name="Open">Opens a call wherever it stands in free text; not empty.</param>
/// <param name="Close">Closes it; not empty.</param>
public sealed record ToolCallMarks(string Open, string Close)
{
    /// <summary>The form that most open models with tools were trained on.</summary>
    public static ToolCallMarks Default { get; } = new("<tool_call>", "</tool_call>");
}
