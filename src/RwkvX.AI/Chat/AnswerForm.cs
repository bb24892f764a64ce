using RwkvX.AI.Prompts;

namespace RwkvX.AI.Chat;

/// <summary>What is looked for in the text of an answer.</summary>
internal sealed record AnswerForm
{
    /// <summary>Texts that end free text, the template's own.</summary>
    public IReadOnlyList<string> TemplateStops { get; init; } = [];

    /// <summary>Texts that end free text, the caller's.</summary>
    public IReadOnlyList<string> UserStops { get; init; } = [];

    /// <summary>What stands around thinking at the start; null where none is looked for.</summary>
    public ReasoningMarks? Reasoning { get; init; }

    /// <summary>Whether the caller sees the thinking.</summary>
    public bool ShowsReasoning { get; init; } = true;

    /// <summary>What stands around calls; null where none can come.</summary>
    public ToolCallMarks? Calls { get; init; }

    /// <summary>
    /// Whether a grammar governs the answer, from its start or from the end of its thinking: it says where the text ends, so stop sequences are not
    /// looked for, and a call comes first or not at all.
    /// </summary>
    public bool IsConstrained { get; init; }

    /// <summary>Whether white space at the start belongs to the text.</summary>
    public bool IsVerbatim { get; init; }
}
