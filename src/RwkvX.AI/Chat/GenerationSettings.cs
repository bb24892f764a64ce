using RwkvX.AI.Generation;
using RwkvX.AI.Grammars;

namespace RwkvX.AI.Chat;

/// <summary>How one answer is generated: what <see cref="ChatOptionsMapping"/> makes of the caller's options and the model's defaults.</summary>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="MaxOutputTokens">Tokens sampled at most, at least 1.</param>
/// <param name="StopSequences">The caller's own, without the template's; they end free text only.</param>
internal sealed record GenerationSettings(SamplingOptions Sampling, int MaxOutputTokens, IReadOnlyList<string> StopSequences)
{
    /// <summary>What the text must look like; null for free text.</summary>
    public GrammarSource? Format { get; init; }

    /// <summary>Higher ones come earlier; 0 is usual.</summary>
    public int Priority { get; init; }

    /// <summary>Functions.</summary>
    public ToolUse Tools { get; init; } = ToolUse.None;

    /// <summary>Whether the answer is begun with thinking (true) or without (false); null leaves it to the model.</summary>
    public bool? Thinks { get; init; }

    /// <summary>Whether the caller sees the thinking.</summary>
    public bool ShowsReasoning { get; init; } = true;
}
