namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What the index knows of a conversation. One without a name was deleted, and its log stays as the beginning of its forks.</summary>
internal sealed record ConversationRow
{
    public required Guid Id { get; init; }

    /// <summary>Null = deleted.</summary>
    public required ConversationKey? Key { get; init; }

    public required StateBinding Binding { get; init; }

    /// <summary>The log that this one continues; empty = none.</summary>
    public required Guid Parent { get; init; }

    /// <summary>Records before this log's first one.</summary>
    public required long Start { get; init; }

    /// <summary>(32) the chain there.</summary>
    public required byte[] StartChain { get; init; }

    /// <summary>What lies on the way there.</summary>
    public required LogCounts StartCounts { get; init; }

    public required DateTimeOffset Created { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>Tenants that may fork it, in ordinal order.</summary>
    public string[] SharedWith { get; init; } = [];

    /// <summary>Deletion has begun; it is finished when the store is next opened, if it was cut short.</summary>
    public bool Deleting { get; init; }

    public required LogExtent Extent { get; init; }

    /// <summary>The extent of a log without a record of its own.</summary>
    public LogExtent EmptyExtent => new(0, Start, StartChain, StartCounts);
}
