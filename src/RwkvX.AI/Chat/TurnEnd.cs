using Microsoft.Extensions.AI;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>What a complete turn led to. Whoever keeps it owns its states.</summary>
/// <param name="Start">What it began with.</param>
/// <param name="Answer">The answer as the caller received it, without the thinking.</param>
/// <param name="AnswerIds">The ids of the answer, without what closed it.</param>
/// <param name="Borders">States at message borders of the prompt, ascending.</param>
internal sealed record TurnEnd(TurnStart Start, ChatMessage Answer, int[] AnswerIds, IReadOnlyList<TurnBorder> Borders)
{
    /// <summary>The state after the answer and what closes it; null where the next prompt does not have the answer as it was generated.</summary>
    public RwkvXState? State { get; init; }

    /// <summary>All tokens from the prompt's first to the last that <see cref="State"/> consumed.</summary>
    public int[] Tokens { get; init; } = [];

    /// <summary>Lengths of the spans in which the tokens after the skipped ones ran over <see cref="State"/>.</summary>
    public int[] Spans { get; init; } = [];
}
