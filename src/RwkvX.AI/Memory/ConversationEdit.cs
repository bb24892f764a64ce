using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Memory;

/// <summary>A change of a conversation by its one writer: nothing of it shows until it is committed, and a disposed one leaves no trace.</summary>
internal sealed class ConversationEdit : IAsyncDisposable
{
    private readonly ConversationStates _states;
    private OpenedState _opened;
    private IConversationWriter? _writer; // null while the conversation is not made yet
    private RwkvXState? _state;

    public ConversationEdit(ConversationStates states, ConversationKey key, IConversationWriter? writer, OpenedState opened)
    {
        (_states, Key, _writer, _opened, _state) = (states, key, writer, opened, opened.State);
        Start = opened.State.TokenCount;
    }

    /// <summary>The conversation.</summary>
    public ConversationKey Key { get; }

    /// <summary>Tokens that it had consumed when the change began.</summary>
    public long Start { get; }

    /// <summary>Where its state came from.</summary>
    public RestoreReport Restored => _opened.Report;

    /// <summary>The state, to be advanced; disposed with the edit unless taken.</summary>
    public RwkvXState State => _state ?? throw new InvalidOperationException("The state was taken.");

    /// <summary>What the committed change dropped.</summary>
    public DropTotal Dropped { get; private set; }

    /// <summary>Pages that the committed conversation lacks, and the bytes that they had.</summary>
    public (int Pages, long Bytes) DroppedInAll { get; private set; }

    /// <summary>What the conversation has read already.</summary>
    public async ValueTask<ConversationNotes> NotesAsync(CancellationToken cancellationToken)
    {
        ConversationNotes notes = _opened.Notes ?? await _states.ReadNotesAsync(Key, cancellationToken).ConfigureAwait(false);
        _opened = _opened with { Notes = notes };
        return notes;
    }

    /// <summary>Hands the state over.</summary>
    public RwkvXState TakeState()
    {
        RwkvXState state = State;
        _state = null;
        return state;
    }

    /// <summary>Makes the change durable, all of it or nothing, after the retention policy has had its say.</summary>
    /// <param name="state">The state after it, which is owned from now on; null for <see cref="State"/>.</param>
    /// <param name="records">What led there.</param>
    /// <param name="cancellationToken">Acts before anything is written.</param>
    /// <returns>Where the conversation stands.</returns>
    public async ValueTask<LogPosition> CommitAsync(RwkvXState? state, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        state ??= TakeState();
        try
        {
            long tokens = Start + records.OfType<TokensRecord>().Sum(record => (long)record.Tokens.Length);
            if (state.TokenCount != tokens) throw new InvalidOperationException($"The state has consumed {state.TokenCount} tokens, the records say {tokens}.");
            if (_states.DropPages(Key, state) is { } drop) records = [.. records, drop];
            Dropped = records.Select(DropTotal.Of).Aggregate(default(DropTotal), (total, drop) => drop is { } more ? total.Plus(more) : total);
            DroppedInAll = state.DroppedPages == 0 ? default : (state.DroppedPages, state.GetPageUsage().BytesIn(PageLocation.Dropped));
            if (_writer is null)
            {
                _writer = await _states.CreateAsync(Key, cancellationToken).ConfigureAwait(false);
                cancellationToken = CancellationToken.None; // an empty conversation is not left behind
            }

            LogPlace before = _writer.Place;
            LogPosition head = await _writer.AppendAsync(records, cancellationToken).ConfigureAwait(false);
            RwkvXState kept = state;
            state = null;
            await _states.KeepAsync(_writer, before, kept, _opened with { Notes = _opened.Notes?.After(records) }).ConfigureAwait(false);
            return head;
        }
        finally
        {
            state?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _state?.Dispose();
        _state = null;
        if (_writer is not null) await _writer.DisposeAsync().ConfigureAwait(false);
    }
}
