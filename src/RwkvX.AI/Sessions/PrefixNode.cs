namespace RwkvX.AI.Sessions;

/// <summary>A node of the tree of token prefixes: the path from the root to its end is a sequence of tokens.</summary>
internal sealed class PrefixNode(PrefixNode? parent, int[] edge)
{
    private Dictionary<int, PrefixNode>? _children;

    /// <summary>The node that this one follows; null for the root.</summary>
    public PrefixNode? Parent { get; private set; } = parent;

    /// <summary>The tokens between the parent and this node; empty for the root only.</summary>
    public int[] Edge { get; private set; } = edge;

    /// <summary>Tokens from the root to the end of this node.</summary>
    public int Length { get; private set; } = (parent?.Length ?? 0) + edge.Length;

    /// <summary>The state kept here; null where there is none.</summary>
    public PrefixCacheEntry? Entry { get; set; }

    /// <summary>Answers that were generated from here: their text and ids.</summary>
    public List<KeptAnswer>? Answers { get; set; }

    /// <summary>Whether nothing is kept here or below.</summary>
    public bool IsEmpty => Entry is null && _children is not { Count: > 0 };

    /// <summary>The child whose edge begins with a token.</summary>
    public PrefixNode? ChildFor(int token) => _children is not null && _children.TryGetValue(token, out PrefixNode? child) ? child : null;

    /// <summary>Appends a child for tokens that no child begins with.</summary>
    public PrefixNode Append(ReadOnlySpan<int> tokens)
    {
        PrefixNode child = new(this, tokens.ToArray());
        (_children ??= []).Add(tokens[0], child);
        return child;
    }

    /// <summary>Divides this node's edge, so that a node ends after its first tokens.</summary>
    /// <param name="length">Tokens of the edge before the border, 1 to its length - 1.</param>
    /// <returns>The new node, which is the parent of this one.</returns>
    public PrefixNode Split(int length)
    {
        PrefixNode upper = new(Parent, Edge[..length]);
        Parent!._children![Edge[0]] = upper;
        Edge = Edge[length..];
        upper._children = new Dictionary<int, PrefixNode> { [Edge[0]] = this };
        Parent = upper;
        return upper;
    }

    /// <summary>Takes this node and those of its ancestors that are then empty out of the tree.</summary>
    public void Prune()
    {
        for (PrefixNode node = this; node.IsEmpty && node.Parent is { } parent; node = parent)
        {
            parent._children!.Remove(node.Edge[0]);
        }
    }
}
