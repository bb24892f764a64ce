using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>A place whose state is in main memory, or on its way there.</summary>
internal sealed class HostState(LogPlace place, HostSnapshot snapshot, long storedTokens, ConversationNotes? notes)
{
    /// <summary>The history that the state has consumed.</summary>
    public LogPlace Place { get; } = place;

    /// <summary>The state; that of a place and that of the label after it are one.</summary>
    public HostSnapshot Snapshot { get; } = snapshot;

    /// <summary>Tokens at the nearest stored state.</summary>
    public long StoredTokens { get; } = storedTokens;

    /// <summary>What the conversation has read; null where nobody looked.</summary>
    public ConversationNotes? Notes { get; } = notes;

    /// <summary>Whether others may come back to this place.</summary>
    public bool IsAnchor { get; set; }

    /// <summary>Its place in the order of use; null when it is no longer kept.</summary>
    public LinkedListNode<HostState>? Recency { get; set; }
}
