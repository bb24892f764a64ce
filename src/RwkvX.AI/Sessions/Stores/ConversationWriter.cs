using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>The holder of a conversation's lease.</summary>
internal sealed class ConversationWriter(ConversationStore store, Conversation conversation, ConversationKey key, LogPlace place) : IConversationWriter
{
    private int _disposed;

    public ConversationKey Key => key;

    public LogPosition Head => conversation.Head;

    public LogPlace Place { get; private set; } = place;

    public async ValueTask<LogPosition> AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        LogPosition head = await store.AppendAsync(conversation, records, cancellationToken).ConfigureAwait(false);
        Place = new LogPlace(conversation.Id, head.Record);
        return head;
    }

    public ValueTask PutSnapshotAsync(StateSnapshot snapshot, LogPosition? at, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return store.PutSnapshotAsync(conversation, snapshot, at, cancellationToken);
    }

    public ValueTask<LogPosition> RewindAsync(string checkpoint, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        ConversationKey.ValidatePart(checkpoint, "label", nameof(checkpoint));
        return RewindAsync(new OpenOptions { Checkpoint = checkpoint }, cancellationToken);
    }

    public ValueTask<LogPosition> RewindAsync(LogPosition position, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return RewindAsync(new OpenOptions { Position = position }, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) conversation.Lease.Release();
        return default;
    }

    private async ValueTask<LogPosition> RewindAsync(OpenOptions to, CancellationToken cancellationToken)
    {
        Place = await store.RewindAsync(conversation, to, cancellationToken).ConfigureAwait(false);
        return conversation.Head;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
