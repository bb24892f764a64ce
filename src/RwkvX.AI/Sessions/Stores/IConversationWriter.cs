using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>The one writer of a conversation, until disposed. Its members are called one at a time.</summary>
public interface IConversationWriter : IAsyncDisposable
{
    /// <summary>The conversation.</summary>
    ConversationKey Key { get; }

    /// <summary>Where it stands: all of it is durable.</summary>
    LogPosition Head { get; }

    /// <summary>The history at <see cref="Head"/>.</summary>
    LogPlace Place { get; }

    /// <summary>Appends records, all or none; returns when they are durable.</summary>
    /// <param name="records">At least one.</param>
    /// <param name="cancellationToken">Acts before anything is written; what is being written is finished.</param>
    /// <returns>The new head.</returns>
    /// <exception cref="ArgumentException">A record is not well formed. Nothing was written.</exception>
    /// <exception cref="StateStoreException">Not written; the head is as before, or the message says that the store must be opened again.</exception>
    ValueTask<LogPosition> AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancellationToken = default);

    /// <summary>Stores the state at a place. Pages that a stored state of the same history has already are not stored again.</summary>
    /// <param name="snapshot">The state; its pages are read before this returns.</param>
    /// <param name="at">The place; null = the head.</param>
    /// <param name="cancellationToken">Acts before anything is written.</param>
    /// <exception cref="ArgumentException">The snapshot has consumed another number of tokens than the place has, or is not well formed.</exception>
    ValueTask PutSnapshotAsync(StateSnapshot snapshot, LogPosition? at = null, CancellationToken cancellationToken = default);

    /// <summary>Goes back to a label. What was logged since stays in the log, but no longer on the way to the head.</summary>
    /// <exception cref="ConversationNotFoundException">No such label on the way to the head.</exception>
    ValueTask<LogPosition> RewindAsync(string checkpoint, CancellationToken cancellationToken = default);

    /// <summary>Goes back to a place on the way to the head.</summary>
    /// <exception cref="ArgumentException">The place is not on the way to the head.</exception>
    ValueTask<LogPosition> RewindAsync(LogPosition position, CancellationToken cancellationToken = default);
}
