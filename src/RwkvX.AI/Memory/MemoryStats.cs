using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>What a conversation holds, and what it costs in each tier.</summary>
/// <param name="Stored">What the store holds of it: tokens, turns, labels, bytes.</param>
public sealed record MemoryStats(ConversationStats Stored)
{
    /// <summary>Bytes that the engine holds for its state, shared pages included; 0 where the engine has none of it.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Those of them that are its own recurrent part.</summary>
    public required long ResidentRecurrentBytes { get; init; }

    /// <summary>Bytes that main memory holds for its state after that had to leave the engine's device, shared pages included; 0 where it did not.</summary>
    public long HostBytes { get; init; }

    /// <summary>What becomes of pages in this memory. What was dropped so far: <see cref="ConversationStats.DroppedPages"/>.</summary>
    public required RetentionPolicy Retention { get; init; }

    /// <summary>Where the pages of that state lie, and which of them were looked at since it was opened; null where the engine has none of it.</summary>
    public PageUsage? Pages { get; init; }
}
