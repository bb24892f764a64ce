using RwkvX.AI.Models;
using RwkvX.AI.Sessions;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>States by the histories that they have consumed, within a byte budget; the least recently used go first.</summary>
/// <remarks>
/// Found by place, not by name: a fork finds the state of what it was forked from, and no other history can ever be at the same place.
/// Pages that states share are counted once. All members may be called from any thread.
/// </remarks>
internal sealed class LiveStates(long byteBudget, int pageTokens) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LogPlace, LiveState> _states = [];
    private readonly LinkedList<LiveState> _byUse = new(); // the most recently used first
    private long _bytes;
    private bool _isDisposed;

    /// <summary>What the states cost at the moment, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
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

    /// <summary>What a place's state costs, without touching it; zeros and null where it is not kept.</summary>
    public (long Bytes, long RecurrentBytes, PageUsage? Pages) Measure(LogPlace place)
    {
        lock (_lock)
        {
            return _states.TryGetValue(place, out LiveState? found)
                ? (found.State.RecurrentBytes + found.State.PageBytes, found.State.RecurrentBytes, found.State.GetPageUsage())
                : default;
        }
    }

    /// <summary>Keeps a state, which is owned from now on, whatever happens.</summary>
    /// <param name="place">The history that it has consumed.</param>
    /// <param name="state">The state.</param>
    /// <param name="origin">What it was forked from before it advanced, kept or not; null for none.</param>
    /// <param name="storedTokens">Tokens at the nearest stored state.</param>
    /// <param name="notes">What the conversation has read; null where nobody looked.</param>
    /// <returns>What is kept for the place now; null where it does not fit.</returns>
    public LiveState? Add(LogPlace place, RwkvXState state, LiveState? origin, long storedTokens, ConversationNotes? notes = null)
    {
        lock (_lock)
        {
            if (_isDisposed || _states.ContainsKey(place))
            {
                state.Dispose();
                return _states.GetValueOrDefault(place);
            }

            // Where pages were dropped, what is shared cannot be told from the sizes: it is counted for both, rather than for neither.
            SharedPages? before = origin is not null && origin.DroppedPages == state.DroppedPages ? origin.Shared : null;
            LiveState added = new(place, state, new SharedPages(state, pageTokens, before), storedTokens) { Notes = notes };
            _states.Add(place, added);
            added.Recency = _byUse.AddFirst(added);
            Count(added.OwnBytes + added.Shared.Hold());
            while (_bytes > byteBudget)
            {
                MemoryMeter.Evictions.Add(1);
                Remove(_byUse.Last!.Value);
            }

            return added.Recency is null ? null : added;
        }
    }

    /// <summary>A place was labelled: its state is also that of the place after the label, to which others may come back.</summary>
    public void Label(LogPlace place, LogPlace labelled)
    {
        lock (_lock)
        {
            if (!_states.TryGetValue(place, out LiveState? found)) return;
            RwkvXState fork = found.State.Fork();
            MovedOn(place, labelled.Log);
            Add(labelled, fork, found, found.StoredTokens, found.Notes);
            Anchor(labelled);
        }
    }

    /// <summary>Notes that others may come back to a place, so that it stays when its conversation moves on.</summary>
    public void Anchor(LogPlace place)
    {
        lock (_lock)
            if (_states.TryGetValue(place, out LiveState? found)) found.IsAnchor = true;
    }

    /// <summary>The conversation of a log has moved on from a place: nobody comes back to it, unless it is an anchor or another log's.</summary>
    public void MovedOn(LogPlace place, Guid log)
    {
        lock (_lock)
            if (_states.TryGetValue(place, out LiveState? found) && !found.IsAnchor && place.Log == log) Remove(found);
    }

    /// <summary>Lets go of all states at places of a log.</summary>
    public void Drop(Guid log)
    {
        lock (_lock)
            foreach (LiveState state in _states.Values.Where(state => state.Place.Log == log).ToList()) Remove(state);
    }

    /// <summary>Lets go of all states. Forks that were handed out live on.</summary>
    public void Clear()
    {
        lock (_lock)
            while (_byUse.Last is { } last) Remove(last.Value);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Clear();
        }
    }

    private void Remove(LiveState state)
    {
        _states.Remove(state.Place);
        _byUse.Remove(state.Recency!);
        state.Recency = null;
        Count(-(state.OwnBytes + state.Shared.Release()));
        state.State.Dispose();
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        MemoryMeter.ResidentBytes.Add(bytes);
    }
}
