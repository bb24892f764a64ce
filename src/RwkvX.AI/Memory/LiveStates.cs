using Microsoft.Extensions.Logging;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>States by the histories that they have consumed, with the engine and below it in main memory, each within a byte budget; the least recently used go first.</summary>
/// <remarks>
/// Found by place, not by name: a fork finds the state of what it was forked from, and no other history can ever be at the same place.
/// Pages that states share are counted once. All members may be called from any thread.
/// </remarks>
/// <param name="model">The engine.</param>
/// <param name="byteBudget">Bytes of states with the engine.</param>
/// <param name="hostBudget">Bytes of states that had to leave it, in main memory; 0 keeps none of them.</param>
/// <param name="logger">Told of states that could not be kept.</param>
internal sealed class LiveStates(IRwkvXModel model, long byteBudget, long hostBudget, ILogger logger) : IDisposable
{
    private readonly HostStates? _host = hostBudget > 0 ? new HostStates(hostBudget) : null; // under the lock too
    private readonly Lock _lock = new();
    private readonly Dictionary<LogPlace, LiveState> _states = [];
    private readonly LinkedList<LiveState> _byUse = new(); // the most recently used first
    private long _bytes;
    private bool _isDisposed;

    /// <summary>What the states with the engine cost at the moment, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>What the states in main memory cost at the moment, in bytes.</summary>
    public long HostBytes
    {
        get
        {
            lock (_lock) return _host?.Bytes ?? 0;
        }
    }

    /// <summary>Forks the state of a place.</summary>
    /// <returns>The fork, which the caller disposes, and where it came from; nulls where the place is not kept.</returns>
    public (RwkvXState? Fork, LiveState? Origin) Take(LogPlace place)
    {
        lock (_lock)
        {
            if (!_states.TryGetValue(place, out LiveState? found)) return default;
            _byUse.Remove(found.Recency!);
            _byUse.AddFirst(found.Recency!);
            return (found.State.Fork(), found);
        }
    }

    /// <summary>The state of a place in main memory; null where it is not there. <see cref="AddAsync"/> takes it from there.</summary>
    public (StateSnapshot Snapshot, HostState Kept)? FindInHost(LogPlace place)
    {
        lock (_lock) return _host?.Use(place) is { } found ? (found.Snapshot.Content!, found) : null;
    }

    /// <summary>What a place's state costs in each tier, without touching it; zeros and null where it is not kept.</summary>
    public (long Bytes, long RecurrentBytes, PageUsage? Pages, long HostBytes) Measure(LogPlace place)
    {
        lock (_lock)
        {
            long host = _host?.Find(place)?.Snapshot.Bytes ?? 0;
            return _states.TryGetValue(place, out LiveState? found)
                ? (found.State.RecurrentBytes + found.State.PageBytes, found.State.RecurrentBytes, found.State.GetPageUsage(), host)
                : (0, 0, null, host);
        }
    }

    /// <summary>Keeps a state, which is owned from now on, whatever happens; waits until those that give way are in main memory.</summary>
    /// <param name="place">The history that it has consumed.</param>
    /// <param name="state">The state.</param>
    /// <param name="origin">What it was forked from before it advanced, kept or not; null for none.</param>
    /// <param name="storedTokens">Tokens at the nearest stored state.</param>
    /// <param name="notes">What the conversation has read; null where nobody looked.</param>
    /// <param name="raised">What was in main memory for the place, of which this is the state; null for nothing.</param>
    /// <returns>What stands for the place, kept or not; null after <see cref="Dispose()"/>.</returns>
    public async ValueTask<LiveState?> AddAsync(LogPlace place, RwkvXState state, LiveState? origin, long storedTokens, ConversationNotes? notes = null, HostState? raised = null)
    {
        List<(LiveState State, HostSnapshot Target)> leaving = [];
        LiveState? added;
        lock (_lock)
        {
            added = Add(place, state, origin, storedTokens, notes, raised?.Snapshot.Chunks);
            MakeRoom(leaving);
            TakeFromHost(place, added);
        }

        await MoveDownAsync(leaving).ConfigureAwait(false);
        return added;
    }

    /// <summary>A place was labelled: its state is also that of the place after the label, to which others may come back.</summary>
    public async ValueTask LabelAsync(LogPlace place, LogPlace labelled)
    {
        List<(LiveState State, HostSnapshot Target)> leaving = [];
        lock (_lock)
        {
            _host?.Label(place, labelled);
            if (!_states.TryGetValue(place, out LiveState? found)) return;
            RwkvXState fork = found.State.Fork();
            MovedOn(place, labelled.Log);
            if (Add(labelled, fork, found, found.StoredTokens, found.Notes, null) is { } added) added.IsAnchor = true;
            MakeRoom(leaving);
        }

        await MoveDownAsync(leaving).ConfigureAwait(false);
    }

    /// <summary>Notes that others may come back to a place, so that it stays when its conversation moves on.</summary>
    public void Anchor(LogPlace place)
    {
        lock (_lock)
        {
            if (_states.TryGetValue(place, out LiveState? found)) found.IsAnchor = true;
            if (_host?.Find(place) is { } kept) kept.IsAnchor = true;
        }
    }

    /// <summary>The conversation of a log has moved on from a place: nobody comes back to it, unless it is an anchor or another log's.</summary>
    public void MovedOn(LogPlace place, Guid log)
    {
        lock (_lock)
        {
            if (_states.TryGetValue(place, out LiveState? found) && !found.IsAnchor && place.Log == log) Dispose(found);
            _host?.MovedOn(place, log);
        }
    }

    /// <summary>Lets go of all states at places of a log.</summary>
    public void Drop(Guid log)
    {
        lock (_lock)
        {
            foreach (LiveState state in _states.Values.Where(state => state.Place.Log == log).ToList()) Dispose(state);
            _host?.Drop(log);
        }
    }

    /// <summary>Lets go of all states. Forks that were handed out live on.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_byUse.Last is { } last) Dispose(last.Value);
            _host?.Clear();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Clear();
        }
    }

    private LiveState? Add(LogPlace place, RwkvXState state, LiveState? origin, long storedTokens, ConversationNotes? notes, HostPages? chunks)
    {
        if (_isDisposed || _states.ContainsKey(place))
        {
            state.Dispose();
            return _states.GetValueOrDefault(place);
        }

        // Where pages were dropped, what is shared cannot be told from the sizes: it is counted for both, rather than for neither.
        int pageTokens = model.Config.MobaChunkSize;
        SharedPages? before = origin is not null && origin.DroppedPages == state.DroppedPages ? origin.Shared : null;
        chunks ??= HostPages.After(origin?.Chunks, checked((int)(state.TokenCount / pageTokens)));
        LiveState added = new(place, state, new SharedPages(state, pageTokens, before), chunks, storedTokens) { Notes = notes };
        _states.Add(place, added);
        added.Recency = _byUse.AddFirst(added);
        Count(added.OwnBytes + added.Shared.Hold());
        return added;
    }

    /// <summary>A state that the engine has now is not kept in main memory beside it.</summary>
    private void TakeFromHost(LogPlace place, LiveState? added)
    {
        if (added?.Recency is null || _host?.Find(place) is not { } below) return;
        added.IsAnchor |= below.IsAnchor;
        added.Notes ??= below.Notes;
        _host.Remove(place);
    }

    /// <summary>Takes the least recently used states away; those that are to go to main memory are told, the others disposed.</summary>
    private void MakeRoom(List<(LiveState State, HostSnapshot Target)> leaving)
    {
        while (_bytes > byteBudget)
        {
            LiveState last = _byUse.Last!.Value;
            MemoryMeter.Evicted(MemoryMeter.Memory);
            if (_host?.Expect(last) is not { } target)
            {
                Dispose(last);
                continue;
            }

            Remove(last);
            leaving.Add((last, target));
        }
    }

    private async ValueTask MoveDownAsync(List<(LiveState State, HostSnapshot Target)> leaving)
    {
        if (leaving.Count > 0) await Task.Run(() => leaving.ForEach(each => MoveDown(each.State, each.Target))).ConfigureAwait(false);
    }

    /// <summary>Copies a state that nobody else uses to main memory, without the lock, as far as it is not there. The store has what a failure loses.</summary>
    private void MoveDown(LiveState state, HostSnapshot target)
    {
        try
        {
            StateSnapshot exported;
            using (state.State) exported = model.Export(state.State);
            using IPageLease? pages = exported.Lease;
            PageSnapshot?[][] held;
            lock (_lock)
            {
                if (!target.IsWanted) return; // dropped meanwhile
                held = target.Hold(exported);
            }

            StateSnapshot plain = PlainSnapshot.Of(exported, held);
            lock (_lock)
                if (target.IsWanted) _host!.Arrive(target, plain);
        }
        catch (Exception e)
        {
            MemoryLog.NotMovedDown(logger, state.State.TokenCount, e);
            lock (_lock) _host!.Forget(target);
        }
    }

    private void Dispose(LiveState state)
    {
        Remove(state);
        state.State.Dispose();
    }

    private void Remove(LiveState state)
    {
        _states.Remove(state.Place);
        _byUse.Remove(state.Recency!);
        state.Recency = null;
        Count(-(state.OwnBytes + state.Shared.Release()));
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        MemoryMeter.Resident(MemoryMeter.Memory, bytes);
    }
}
