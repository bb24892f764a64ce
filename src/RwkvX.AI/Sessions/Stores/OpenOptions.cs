namespace RwkvX.AI.Sessions.Stores;

/// <summary>Which place of a conversation to open, and how carefully.</summary>
public sealed class OpenOptions
{
    /// <summary>The label to open at; null = at <see cref="Position"/>, or at the head.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The place to open at (its <see cref="LogPosition.Record"/> counts); null = the head.</summary>
    public LogPosition? Position { get; init; }

    /// <summary>Checks every page now rather than each at its first use; a snapshot with a damaged page is then passed over for an earlier one.</summary>
    public bool VerifyPages { get; init; }

    /// <summary>False to leave snapshots aside: all records from the beginning.</summary>
    public bool UseSnapshot { get; init; } = true;
}
