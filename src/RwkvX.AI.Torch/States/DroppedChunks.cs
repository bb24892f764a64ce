using RwkvX.AI.Models;

namespace RwkvX.AI.Torch.States;

/// <summary>The chunks that a state does without, layer by layer. Never changes, so that forks share it.</summary>
internal sealed class DroppedChunks
{
    private readonly int _layers;
    private readonly Dictionary<int, bool[]> _chunks; // (M) each

    private DroppedChunks(int layers, Dictionary<int, bool[]> chunks)
    {
        (_layers, _chunks) = (layers, chunks);
        Count = chunks.Values.Sum(each => each.Count(dropped => dropped));
    }

    /// <summary>Pages that were dropped: pairs of a layer and a chunk.</summary>
    public int Count { get; }

    /// <summary>No chunk of a model with so many sparse layers.</summary>
    public static DroppedChunks None(int layers) => new(layers, []);

    /// <summary>Those that a snapshot lacks.</summary>
    public static DroppedChunks Of(StateSnapshot snapshot) => None(snapshot.SparseLayers.Count).With(
        snapshot.SparseLayers.SelectMany((layer, m) => layer.Pages.Select((page, chunk) => (page, id: new PageId(m, chunk)))).Where(entry => entry.page.IsDropped).Select(entry => entry.id));

    public bool Contains(int layer, int chunk) => _chunks.TryGetValue(chunk, out bool[]? layers) && layers[layer];

    /// <summary>Whether all layers do without a chunk, so that nobody needs its pages.</summary>
    public bool IsWhole(int chunk) => _chunks.TryGetValue(chunk, out bool[]? layers) && layers.All(dropped => dropped);

    /// <summary>These and more.</summary>
    public DroppedChunks With(IEnumerable<PageId> pages)
    {
        Dictionary<int, bool[]> chunks = new(_chunks);
        foreach (IGrouping<int, PageId> chunk in pages.GroupBy(page => page.Chunk))
        {
            bool[] layers = chunks.TryGetValue(chunk.Key, out bool[]? before) ? [.. before] : new bool[_layers];
            foreach (PageId page in chunk)
                layers[page.Layer] = true;
            chunks[chunk.Key] = layers;
        }
        return new DroppedChunks(_layers, chunks);
    }
}
