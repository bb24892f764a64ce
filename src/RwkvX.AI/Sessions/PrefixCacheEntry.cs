using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions;

/// <summary>A state kept at a message border. Immutable: it is forked, never advanced.</summary>
internal sealed class PrefixCacheEntry(string tenant, PrefixNode node, RwkvXState state, SharedPages shared)
{
    /// <summary>Whose it is.</summary>
    public string Tenant { get; } = tenant;

    /// <summary>The place in the tree whose path is the tokens that the state has consumed.</summary>
    public PrefixNode Node { get; } = node;

    /// <summary>The state; owned by the cache, forked under its lock.</summary>
    public RwkvXState State { get; } = state;

    /// <summary>The full pages and tokens, which states advanced from this one hold too.</summary>
    public SharedPages Shared { get; } = shared;

    /// <summary>Its place in the order of use; null when it is no longer kept.</summary>
    public LinkedListNode<PrefixCacheEntry>? Recency { get; set; }

    /// <summary>Bytes that go when this entry goes, whatever else is kept.</summary>
    public long OwnBytes => State.RecurrentBytes + State.PageBytes - Shared.PageBytes;
}
