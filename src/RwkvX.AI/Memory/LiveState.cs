using RwkvX.AI.Models;
using RwkvX.AI.Sessions;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>A state that stays with the engine. Immutable: it is forked, never advanced.</summary>
internal sealed class LiveState(LogPlace place, RwkvXState state, SharedPages shared, HostPages chunks, long storedTokens)
{
    /// <summary>The history that the state has consumed.</summary>
    public LogPlace Place { get; } = place;

    /// <summary>The state; forked under the lock of its <see cref="LiveStates"/>.</summary>
    public RwkvXState State { get; } = state;

    /// <summary>The full pages, which states advanced from this one hold too.</summary>
    public SharedPages Shared { get; } = shared;

    /// <summary>The full chunks of its history, as far as main memory holds them.</summary>
    public HostPages Chunks { get; } = chunks;

    /// <summary>Tokens at the nearest stored state at or before this place; 0 where there is none.</summary>
    public long StoredTokens { get; } = storedTokens;

    /// <summary>What the conversation has read; null where nobody looked.</summary>
    public ConversationNotes? Notes { get; set; }

    /// <summary>Whether others may come back to this place: it was labelled or forked from.</summary>
    public bool IsAnchor { get; set; }

    /// <summary>Its place in the order of use; null when it is no longer kept.</summary>
    public LinkedListNode<LiveState>? Recency { get; set; }

    /// <summary>Pages that the state does without.</summary>
    public int DroppedPages { get; } = state.DroppedPages;

    /// <summary>Bytes that go when this one goes, whatever else is kept.</summary>
    public long OwnBytes { get; } = state.RecurrentBytes + state.PageBytes - shared.PageBytes;
}
