using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>A conversation opened at a place: the nearest stored state, and what was logged between it and the place.</summary>
/// <remarks>
/// The keys and values of the snapshot's pages lie in the store (for a file store, in a file mapping): they are checked at first
/// use, where damage throws a <see cref="StateCorruptException"/>, and may be read until this and every share of
/// <see cref="StateSnapshot.Lease"/> are disposed (an engine that imported the snapshot has one). Reading them afterwards throws; a span taken
/// before must not be used after.
/// </remarks>
public sealed class StoredState : IDisposable
{
    private readonly IDisposable? _pages;

    /// <summary>Puts together what a store found.</summary>
    /// <param name="key">The conversation.</param>
    /// <param name="binding">What its states are states of.</param>
    /// <param name="position">The place that was asked for.</param>
    /// <param name="pages">Let go of when this is disposed; null where the snapshot's pages need no holding.</param>
    public StoredState(ConversationKey key, StateBinding binding, LogPosition position, IDisposable? pages = null)
    {
        Key = key;
        Binding = binding;
        Position = position;
        _pages = pages;
    }

    /// <summary>The conversation.</summary>
    public ConversationKey Key { get; }

    /// <summary>What its states are states of.</summary>
    public StateBinding Binding { get; }

    /// <summary>The place that was asked for.</summary>
    public LogPosition Position { get; }

    /// <summary>The history at <see cref="Position"/>.</summary>
    public LogPlace Place { get; init; }

    /// <summary>The nearest stored state at or before the place; null = start from an empty one.</summary>
    public StateSnapshot? Snapshot { get; init; }

    /// <summary>Where <see cref="Snapshot"/> was taken; (0, 0) where there is none.</summary>
    public LogPosition SnapshotPosition { get; init; }

    /// <summary>What lies on the way from <see cref="SnapshotPosition"/> to <see cref="Position"/>, in order.</summary>
    public required IReadOnlyList<LogRecord> Records { get; init; }

    /// <summary>Stored states that were passed over because they are damaged.</summary>
    public required IReadOnlyList<StoreProblem> Problems { get; init; }

    /// <summary>Lets go of the pages.</summary>
    public void Dispose() => _pages?.Dispose();
}
