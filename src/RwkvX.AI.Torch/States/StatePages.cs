using RwkvX.AI.Models;

namespace RwkvX.AI.Torch.States;

/// <summary>What a state's pages are to others: a page a sparse layer and chunk. Within <see cref="StateStore.Exclusive"/>.</summary>
internal readonly struct StatePages(CudaState state)
{
    private RwkvXConfig Config => state.Store.Shape.Config;

    private int FullChunks => (int)(state.TokenCount / Config.MobaChunkSize);

    /// <summary>(M, full chunks) how often heads chose each page, also before the state was imported; 0 for dropped ones.</summary>
    public int[][] Looks()
    {
        (int[][] now, int[][] earlier) = state.Looks.Read(FullChunks);
        DroppedChunks dropped = state.Dropped;
        return [.. now.Zip(earlier, (a, b) => a.Zip(b, (x, y) => x + y).ToArray()).Select((layer, m) => layer.Select((looks, chunk) => dropped.Contains(m, chunk) ? 0 : looks).ToArray())];
    }

    /// <summary>Where the pages lie and how often they were chosen; nobody notes when.</summary>
    public PageUsage Usage()
    {
        int chunks = (int)((state.TokenCount + Config.MobaChunkSize - 1) / Config.MobaChunkSize);
        (int[][] now, int[][] earlier) = state.Looks.Read(chunks);
        List<IReadOnlyList<PageUse>> layers = [];
        for (int layer = 0; layer < Config.SparseLayerCount; layer++)
        {
            PageUse[] pages = new PageUse[chunks];
            for (int chunk = 0; chunk < chunks; chunk++)
                pages[chunk] = Use(layer, chunk, now[layer][chunk], earlier[layer][chunk]);
            layers.Add(pages);
        }
        return new PageUsage(layers);
    }

    private PageUse Use(int layer, int chunk, int now, int earlier)
    {
        ModelShape shape = state.Store.Shape;
        int rows = (int)Math.Min(Config.MobaChunkSize, state.TokenCount - ((long)chunk * Config.MobaChunkSize));
        long pages = (rows + shape.PageTokens - 1) / shape.PageTokens, bytes = 2 * pages * shape.PageTokens * shape.C * shape.ElementBytes;
        return state.Dropped.Contains(layer, chunk)
            ? new PageUse(PageLocation.Dropped, rows, bytes, 0, -1)
            : new PageUse(PageLocation.Device, rows, bytes, now, -1) { EarlierLooks = earlier };
    }
}
