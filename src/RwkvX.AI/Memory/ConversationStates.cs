using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Has the states of conversations at hand: with the engine while there is room, else in main memory beside a device, else rebuilt from the store.</summary>
internal sealed class ConversationStates(IRwkvXModel model, IStateStore store, Lazy<StateBinding> binding, RwkvXMemoryOptions options, ILogger logger) : IDisposable
{
    private readonly LiveStates _live = new(model, options.EffectiveResidentBytes(model.Engine), options.EffectiveHostBytes(model.Engine), logger);

    /// <summary>What happens where a conversation has a writer already.</summary>
    public LeaseMode Writers => options.Writers;

    /// <summary>What becomes of pages.</summary>
    public RetentionPolicy Retention => options.Retention;

    /// <summary>Runs tokens.</summary>
    public TokenFeed Feed { get; } = new(model, options.Limits);

    /// <summary>States that stay with the engine.</summary>
    public LiveStates Live => _live;

    /// <summary>Starts a change of a conversation, as its one writer.</summary>
    /// <param name="key">The conversation.</param>
    /// <param name="create">Whether a missing one is to be made when the change is committed.</param>
    /// <param name="cancellationToken">Acts while waiting for another writer, and while replaying.</param>
    public async ValueTask<ConversationEdit> BeginAsync(ConversationKey key, bool create, CancellationToken cancellationToken)
    {
        IConversationWriter? writer = null;
        try
        {
            writer = await store.LeaseAsync(key, binding.Value, options.Writers, cancellationToken).ConfigureAwait(false);
            OpenedState opened = await OpenAsync(key, writer.Place, cancellationToken).ConfigureAwait(false);
            return new ConversationEdit(this, key, writer, opened);
        }
        catch (ConversationNotFoundException) when (create && writer is null)
        {
            return new ConversationEdit(this, key, null, new OpenedState(model.CreateState(), null, 0, default) { Notes = ConversationNotes.None });
        }
        catch
        {
            if (writer is not null) await writer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the conversation of an edit.</summary>
    public ValueTask<IConversationWriter> CreateAsync(ConversationKey key, CancellationToken cancellationToken) =>
        store.CreateAsync(key, binding.Value, null, cancellationToken);

    /// <summary>Keeps the state that a change led to, and stores it where the last stored one is far enough back.</summary>
    /// <param name="writer">The conversation's writer, at the new head.</param>
    /// <param name="before">Where it stood.</param>
    /// <param name="state">The state, which is owned from now on.</param>
    /// <param name="opened">What it was advanced from.</param>
    public async ValueTask KeepAsync(IConversationWriter writer, LogPlace before, RwkvXState state, OpenedState opened)
    {
        long stored = opened.StoredTokens;
        if (state.TokenCount - stored >= options.SnapshotTokens && await TryStoreAsync(writer, state).ConfigureAwait(false)) stored = state.TokenCount;
        _live.MovedOn(before, writer.Place.Log); // first: what nobody comes back to need not make room for the new one by moving
        await _live.AddAsync(writer.Place, state, opened.Origin, stored, opened.Notes).ConfigureAwait(false);
    }

    /// <summary>Drops what the retention policy does not keep of a state that is about to become a conversation's.</summary>
    /// <returns>What the log must say; null for nothing.</returns>
    public DropRecord? DropPages(ConversationKey key, RwkvXState state)
    {
        if (Retention.PageBytes is not { } budget || PageRetention.Apply(state, model.Config.MobaChunkSize, budget, model.Engine.DropsWholeChunks) is not { } drop) return null;
        MemoryMeter.DroppedPages.Add(drop.Pages.Count);
        MemoryMeter.DroppedBytes.Add(drop.Bytes);
        MemoryLog.Dropped(logger, key, drop.Pages.Count, drop.Bytes, state.TokenCount, budget);
        return drop;
    }

    /// <summary>Reads off a conversation's log what it has read.</summary>
    public async ValueTask<ConversationNotes> ReadNotesAsync(ConversationKey key, CancellationToken cancellationToken) =>
        ConversationNotes.None.After(await store.ReadAsync(key, cancellationToken).ConfigureAwait(false));

    /// <summary>Runs what was logged after a stored state again; the state is given back.</summary>
    public async ValueTask<PageUsage> LookAgainAsync(ConversationKey key, LogPosition from, CancellationToken cancellationToken)
    {
        using StoredState before = await store.OpenAsync(key, binding.Value, new OpenOptions { Position = from }, cancellationToken).ConfigureAwait(false);
        using StoredState start = await store.OpenAsync(key, binding.Value, new OpenOptions { Position = from, UseSnapshot = false }, cancellationToken).ConfigureAwait(false);
        using StoredState all = await store.OpenAsync(key, binding.Value, new OpenOptions { UseSnapshot = false }, cancellationToken).ConfigureAwait(false);
        using RwkvXState state = before.Snapshot is { } snapshot ? model.Import(snapshot) : model.CreateState();
        await Feed.ReplayAsync(state, [.. before.Records, .. all.Records.Skip(start.Records.Count)], cancellationToken).ConfigureAwait(false);
        return state.GetPageUsage();
    }

    public void Dispose() => _live.Dispose();

    /// <summary>The turn is durable without its state: a failure here costs time at the next reopening, nothing else.</summary>
    private async ValueTask<bool> TryStoreAsync(IConversationWriter writer, RwkvXState state)
    {
        try
        {
            StateSnapshot snapshot = await Task.Run(() => model.Export(state)).ConfigureAwait(false);
            using IPageLease? pages = snapshot.Lease;
            await writer.PutSnapshotAsync(snapshot).ConfigureAwait(false);
            MemoryMeter.Snapshots.Add(1);
            return true;
        }
        catch (StateStoreException e)
        {
            MemoryLog.SnapshotFailed(logger, writer.Key, state.TokenCount, e);
            return false;
        }
    }

    private async ValueTask<OpenedState> OpenAsync(ConversationKey key, LogPlace place, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        OpenedState opened = place == default ? new OpenedState(model.CreateState(), null, 0, default) { Notes = ConversationNotes.None }
            : _live.Take(place) is ({ } fork, { } origin) ? new OpenedState(fork, origin, origin.StoredTokens, new RestoreReport(RestoredFrom.Memory, 0, default)) { Notes = origin.Notes }
            : await RaiseAsync(key, place, cancellationToken).ConfigureAwait(false) ?? await RestoreAsync(key, cancellationToken).ConfigureAwait(false);
        opened = opened with { Report = opened.Report with { Elapsed = Stopwatch.GetElapsedTime(begun) } };
        MemoryMeter.Restored(opened.Report);
        MemoryLog.Restored(logger, key, opened.State.TokenCount, opened.Report.From, opened.Report.ReplayedTokens, opened.Report.Elapsed.TotalMilliseconds);
        return opened;
    }

    /// <summary>Brings the state of a place back from main memory, and keeps it as it is beside the fork that is handed out; null where it is not there.</summary>
    private async ValueTask<OpenedState?> RaiseAsync(ConversationKey key, LogPlace place, CancellationToken cancellationToken)
    {
        if (_live.FindInHost(place) is not ({ } snapshot, { } kept)) return null;
        RwkvXState? state = null, fork = null;
        try
        {
            await Task.Run(() => fork = (state = model.Import(snapshot)).Fork(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            state?.Dispose();
            MemoryLog.NotMovedUp(logger, key, e);
            return null;
        }

        LiveState? origin = await _live.AddAsync(place, state!, null, kept.StoredTokens, kept.Notes, kept).ConfigureAwait(false);
        return new OpenedState(fork!, origin, kept.StoredTokens, new RestoreReport(RestoredFrom.Host, 0, default)) { Notes = kept.Notes };
    }

    /// <summary>Rebuilds the state at the head from the store, and keeps it as it is beside the fork that is handed out.</summary>
    private async ValueTask<OpenedState> RestoreAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        bool verify = false;
        while (true)
        {
            using StoredState stored = await store.OpenAsync(key, binding.Value, new OpenOptions { VerifyPages = verify }, cancellationToken).ConfigureAwait(false);
            foreach (StoreProblem problem in stored.Problems) MemoryLog.StatePassedOver(logger, key, problem);
            try
            {
                return await RestoreAsync(stored, cancellationToken).ConfigureAwait(false);
            }
            catch (StateCorruptException) when (!verify && stored.Snapshot is not null)
            {
                verify = true; // a damaged page shows when it is read: with all of them read first, the store passes over the state
            }
        }
    }

    private async ValueTask<OpenedState> RestoreAsync(StoredState stored, CancellationToken cancellationToken)
    {
        RwkvXState state = stored.Snapshot is { } snapshot ? await Task.Run(() => model.Import(snapshot), cancellationToken).ConfigureAwait(false) : model.CreateState();
        try
        {
            long replayed = await Feed.ReplayAsync(state, stored.Records, cancellationToken).ConfigureAwait(false);
            RwkvXState fork = state.Fork();
            long storedTokens = stored.SnapshotPosition.Tokens;
            LiveState? origin = await _live.AddAsync(stored.Place, state, null, storedTokens).ConfigureAwait(false);
            RestoredFrom from = stored.Snapshot is null ? RestoredFrom.Log : RestoredFrom.Store;
            return new OpenedState(fork, origin, storedTokens, new RestoreReport(from, replayed, default));
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }
}
