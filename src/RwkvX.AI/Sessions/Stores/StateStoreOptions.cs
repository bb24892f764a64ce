namespace RwkvX.AI.Sessions.Stores;

/// <summary>How a store behaves, whatever it is kept in.</summary>
public class StateStoreOptions
{
    /// <summary>The clock of creation and expiry.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Encrypts log records, states and pages; null = stored as they are. Names, sizes and hashes stay readable.</summary>
    public IBlobCipher? Cipher { get; init; }

    /// <summary>
    /// Newest states kept per conversation, at least 1. Beyond them, only those that checkpoints and forks start from are kept:
    /// all others can be rebuilt from the log.
    /// </summary>
    public int SnapshotsKept { get; init; } = 2;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(SnapshotsKept, 1);
    }
}
