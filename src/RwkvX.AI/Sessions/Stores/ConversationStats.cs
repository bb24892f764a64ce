namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a conversation holds and costs.</summary>
/// <param name="Info">What is known without reading it.</param>
public sealed record ConversationStats(ConversationInfo Info)
{
    /// <summary>The history at its head.</summary>
    public required LogPlace Place { get; init; }

    /// <summary>Labelled places on the way to the head, in order.</summary>
    public required IReadOnlyList<CheckpointInfo> Checkpoints { get; init; }

    /// <summary>Places at which a state is stored and usable on the way to the head, in order.</summary>
    public required IReadOnlyList<LogPosition> Snapshots { get; init; }

    /// <summary>Bytes of the logs it reads, those of what it was forked from included.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Bytes of stored states (recurrent parts and unfilled pages).</summary>
    public required long StateBytes { get; init; }

    /// <summary>Bytes of full pages and their means that its states refer to, each counted once.</summary>
    public required long PageBytes { get; init; }

    /// <summary>Of all these, the bytes that other conversations refer to as well.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>Pages that were dropped on the way to the head (<see cref="DropRecord"/>).</summary>
    public long DroppedPages { get; init; }

    /// <summary>Bytes that they had in the engine.</summary>
    public long DroppedBytes { get; init; }

    /// <summary>The budget of pages, in bytes, at the last drop; null where nothing was dropped.</summary>
    public long? DropBudget { get; init; }
}
