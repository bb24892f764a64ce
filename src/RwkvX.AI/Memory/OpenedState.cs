using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>A conversation's state at hand.</summary>
/// <param name="State">The caller's own: to advance and to dispose.</param>
/// <param name="Origin">What it was forked from; null for none.</param>
/// <param name="StoredTokens">Tokens at the nearest stored state.</param>
/// <param name="Report">What it took.</param>
internal readonly record struct OpenedState(RwkvXState State, LiveState? Origin, long StoredTokens, RestoreReport Report)
{
    /// <summary>What the conversation has read; null where nobody looked.</summary>
    public ConversationNotes? Notes { get; init; }
}
