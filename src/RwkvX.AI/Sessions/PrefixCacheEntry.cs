using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions;

/// <summary>A state kept at a message border. Immutable: it is forked, never advanced.</summary>
internal sealed class PrefixCacheEntry(PrefixNode node, RwkvXState state, PrefixCacheEntry? origin)
{
    /// <summary>The place in the tree whose path is the tokens that the state has consumed.</summary>
    public PrefixNode Node { get; } = node;

    /// <summary>The state; owned by the cache, forked under its lock.</summary>
    public RwkvXState State { get; } = state;

    /// <summary>The entry whose fork was advanced to this one, whether or not it is still cached.</summary>
    public PrefixCacheEntry? Origin { get; set; } = origin;

    /// <summary>A later entry of the same line, which holds this one's full pages too and pays for them; null where there is none.</summary>
    public PrefixCacheEntry? PaidBy { get; set; }

    /// <summary>What the entry costs by itself at the moment; kept so that the total can be adjusted.</summary>
    public long Bytes { get; set; }

    /// <summary>Its place in the order of use.</summary>
    public LinkedListNode<PrefixCacheEntry>? Recency { get; set; }
}
