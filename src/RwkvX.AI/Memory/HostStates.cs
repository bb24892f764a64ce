using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>States in main memory that had to leave the engine's device, within a byte budget; the least recently used go first.</summary>
/// <remarks>Guarded by the lock of its <see cref="LiveStates"/>. Pages that states share are there once and counted once.</remarks>
internal sealed class HostStates(long byteBudget)
{
    private readonly Dictionary<LogPlace, HostState> _states = [];
    private readonly LinkedList<HostState> _byUse = new(); // the most recently used first

    /// <summary>What the states cost at the moment, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>A state must leave the device.</summary>
    /// <returns>Where it is to go; null where it is here already or can never fit.</returns>
    public HostSnapshot? Expect(LiveState state)
    {
        if (state.State.RecurrentBytes + state.State.PageBytes > byteBudget || _states.ContainsKey(state.Place)) return null;
        HostSnapshot snapshot = new(state.Chunks);
        Add(new HostState(state.Place, snapshot, state.StoredTokens, state.Notes) { IsAnchor = state.IsAnchor });
        return snapshot;
    }

    /// <summary>What was expected has arrived.</summary>
    public void Arrive(HostSnapshot arrived, StateSnapshot snapshot)
    {
        Count(arrived.Arrive(snapshot));
        if (arrived.Bytes > byteBudget) Forget(arrived); // rather than everything else first
        while (Bytes > byteBudget)
        {
            MemoryMeter.Evicted(MemoryMeter.Host);
            Remove(_byUse.Last!.Value);
        }
    }

    /// <summary>What was expected does not come.</summary>
    public void Forget(HostSnapshot snapshot)
    {
        foreach (HostState state in _states.Values.Where(state => state.Snapshot == snapshot).ToList()) Remove(state);
    }

    /// <summary>The state of a place, which is in use again; null where it is not here.</summary>
    public HostState? Use(LogPlace place)
    {
        if (!_states.TryGetValue(place, out HostState? found) || found.Snapshot.Content is null) return null;
        _byUse.Remove(found.Recency!);
        _byUse.AddFirst(found.Recency!);
        return found;
    }

    /// <summary>The state of a place, without touching it, on its way too; null where it is not here.</summary>
    public HostState? Find(LogPlace place) => _states.GetValueOrDefault(place);

    /// <summary>A place was labelled: what <see cref="LiveStates.LabelAsync"/> does, here.</summary>
    public void Label(LogPlace place, LogPlace labelled)
    {
        if (Find(place) is not { } found || _states.ContainsKey(labelled)) return;
        Add(new HostState(labelled, found.Snapshot, found.StoredTokens, found.Notes) { IsAnchor = true });
        MovedOn(place, labelled.Log);
    }

    /// <summary>The conversation of a log has moved on from a place.</summary>
    public void MovedOn(LogPlace place, Guid log)
    {
        if (Find(place) is { IsAnchor: false } found && place.Log == log) Remove(found);
    }

    /// <summary>Lets go of a place's state, which is with the engine.</summary>
    public void Remove(LogPlace place)
    {
        if (Find(place) is { } found) Remove(found);
    }

    /// <summary>Lets go of all states at places of a log.</summary>
    public void Drop(Guid log)
    {
        foreach (HostState state in _states.Values.Where(state => state.Place.Log == log).ToList()) Remove(state);
    }

    /// <summary>Lets go of all states.</summary>
    public void Clear()
    {
        while (_byUse.Last is { } last) Remove(last.Value);
    }

    private void Add(HostState state)
    {
        _states.Add(state.Place, state);
        state.Recency = _byUse.AddFirst(state);
        state.Snapshot.AddPlace();
    }

    private void Remove(HostState state)
    {
        _states.Remove(state.Place);
        _byUse.Remove(state.Recency!);
        state.Recency = null;
        Count(-state.Snapshot.RemovePlace());
    }

    private void Count(long bytes)
    {
        Bytes += bytes;
        MemoryMeter.Resident(MemoryMeter.Host, bytes);
    }
}
