using RwkvX.AI.Models;

namespace RwkvX.AI.Memory;

/// <summary>A state in main memory, or on its way there: a part of its own, and full pages that others may hold too.</summary>
/// <remarks>Guarded by the lock of its <see cref="LiveStates"/>.</remarks>
/// <param name="chunks">The full chunks of its history.</param>
internal sealed class HostSnapshot(HostPages chunks)
{
    private readonly List<HostPage> _held = [];
    private long _ownBytes;
    private int _places;

    /// <summary>The full chunks of its history, which states advanced from it have too.</summary>
    public HostPages Chunks { get; } = chunks;

    /// <summary>The state; null while it is on its way.</summary>
    public StateSnapshot? Content { get; private set; }

    /// <summary>Whether any place is still that of the state.</summary>
    public bool IsWanted => _places > 0;

    /// <summary>Bytes of all of it, shared pages included; 0 while it is on its way.</summary>
    public long Bytes => Content is null ? 0 : _ownBytes + _held.Sum(page => HostPage.BytesOf(page.Content!));

    /// <summary>One more place is the state's.</summary>
    public void AddPlace() => _places++;

    /// <summary>One place fewer; with the last one the pages go that nobody else holds.</summary>
    /// <returns>Bytes that are free now.</returns>
    public long RemovePlace()
    {
        if (--_places > 0) return 0;
        long bytes = Content is null ? 0 : _ownBytes;
        foreach (HostPage page in _held)
        {
            if (--page.Holders > 0 || page.Content is not { } content) continue;
            bytes += HostPage.BytesOf(content);
            page.Content = null;
        }

        _held.Clear();
        Content = null;
        return bytes;
    }

    /// <summary>Holds the full pages of an exported state that is wanted.</summary>
    /// <returns>(M, full pages) those that somebody has in plain memory already; null for the others.</returns>
    public PageSnapshot?[][] Hold(StateSnapshot exported)
    {
        HostPage[][] all = Chunks.All(exported.SparseLayers.Count);
        foreach ((HostPage page, PageSnapshot source) in Full(all, exported))
        {
            page.Holders++;
            _held.Add(page);
        }

        return [.. all.Select(layer => layer.Select(page => page.Content).ToArray())];
    }

    /// <summary>The state has arrived.</summary>
    /// <param name="snapshot">It, in plain memory.</param>
    /// <returns>Bytes that it added.</returns>
    public long Arrive(StateSnapshot snapshot)
    {
        long bytes = 0;
        HostPage[][] all = Chunks.All(snapshot.SparseLayers.Count);
        foreach ((HostPage page, PageSnapshot source) in Full(all, snapshot))
        {
            if (page.Content is not null) continue; // another state brought it meanwhile
            page.Content = source;
            bytes += HostPage.BytesOf(source);
        }

        _ownBytes = OwnBytesOf(snapshot);
        Content = PlainSnapshot.WithPages(snapshot, (page, layer, chunk) => chunk < all[layer].Length ? all[layer][chunk].Content! : page);
        return bytes + _ownBytes;
    }

    private static IEnumerable<(HostPage Page, PageSnapshot Source)> Full(HostPage[][] all, StateSnapshot snapshot) =>
        all.Zip(snapshot.SparseLayers).SelectMany(pair => pair.First.Zip(pair.Second.Pages)).Where(pair => !pair.Second.IsDropped);

    private static long OwnBytesOf(StateSnapshot snapshot)
    {
        long floats = snapshot.RwkvLayers.Sum(layer => (long)layer.AttXPrev.Length + layer.Wkv.Length + layer.FfnXPrev.Length)
            + snapshot.SparseLayers.Sum(layer => (long)layer.FfnXPrev.Length + layer.Looks.Count);
        int chunk = snapshot.Config.MobaChunkSize;
        return (floats * sizeof(float)) + snapshot.SparseLayers.Sum(layer => layer.Pages.Where(page => page.RowCount < chunk).Sum(HostPage.BytesOf));
    }
}
