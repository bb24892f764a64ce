using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>A conversation in memory: its row, its lease, and what was read of its log.</summary>
internal sealed class Conversation(ConversationRow row, Conversation? parent)
{
    private volatile ConversationRow _row = row;
    private volatile SnapshotRow[] _snapshots = [];
    private volatile LogMap? _map;

    /// <summary>Held while the row or the log changes.</summary>
    public Lock Sync { get; } = new();

    /// <summary>One writer at a time.</summary>
    public SemaphoreSlim Lease { get; } = new(1, 1);

    public Conversation? Parent { get; set; } = parent;

    /// <summary>Conversations that continue this one's log; changed under the store's gate.</summary>
    public List<Conversation> Children { get; } = [];

    public ConversationRow Row { get => _row; set => _row = value; }

    /// <summary>Its stored states; replaced under the store's gate.</summary>
    public SnapshotRow[] Snapshots { get => _snapshots; set => _snapshots = value; }

    /// <summary>What was read of the log; null = not yet, or let go of.</summary>
    public LogMap? Map { get => _map; set => _map = value; }

    /// <summary>Why the log ends before the place that was acknowledged; null where it does not.</summary>
    public StoreProblem? Damage { get; set; }

    /// <summary>True after a write whose outcome is not known.</summary>
    public bool IsFaulted { get; set; }

    public Guid Id => Row.Id;

    public long Start => Row.Start;

    public LogPosition Head => new(Row.Extent.Records, Row.Extent.Counts.Tokens);

    /// <summary>For messages: the key, or the log's id where it has none.</summary>
    public override string ToString() => Row.Key?.ToString() ?? $"log {Id:n}";
}
