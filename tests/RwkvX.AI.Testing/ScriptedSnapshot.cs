using System.Runtime.InteropServices;
using RwkvX.AI.Models;

namespace RwkvX.AI.Testing;

/// <summary>The neutral form of a <see cref="ScriptedState"/>: each token of the history is the first number of its row of keys.</summary>
internal static class ScriptedSnapshot
{
    /// <summary>The snapshot of a state; of sizes that hold together, so that stores take it.</summary>
    public static StateSnapshot Of(ScriptedState state)
    {
        RwkvXConfig config = state.Model.Config;
        int[] history = state.History.ToArray();
        List<PageSnapshot> pages = [.. history.Chunk(config.MobaChunkSize).Select(chunk => Page(chunk, config))];
        return new StateSnapshot
        {
            Config = config,
            TokenCount = history.Length,
            RwkvLayers = [new RwkvLayerSnapshot(new float[config.EmbeddingSize], new float[config.EmbeddingSize * config.HeadSize], new float[config.EmbeddingSize])],
            SparseLayers = [new SparseLayerSnapshot(new float[config.EmbeddingSize], pages)],
        };
    }

    /// <summary>The tokens that a snapshot holds.</summary>
    public static List<int> History(StateSnapshot snapshot, RwkvXConfig config)
    {
        if (snapshot.Config != config) throw new ArgumentException("the snapshot is of another model", nameof(snapshot));
        List<int> history = [];
        foreach (PageSnapshot page in snapshot.SparseLayers[0].Pages)
        {
            ReadOnlySpan<float> keys = MemoryMarshal.Cast<byte, float>(page.Keys.Span);
            for (int row = 0; row < page.RowCount; row++) history.Add((int)keys[row * config.EmbeddingSize]);
        }

        return history;
    }

    private static PageSnapshot Page(int[] tokens, RwkvXConfig config)
    {
        float[] keys = new float[tokens.Length * config.EmbeddingSize];
        for (int row = 0; row < tokens.Length; row++) keys[row * config.EmbeddingSize] = tokens[row];
        float[]? mean = null;
        if (tokens.Length == config.MobaChunkSize)
        {
            mean = new float[config.EmbeddingSize];
            for (int i = 0; i < tokens.Length; i++) mean[i] = tokens[i]; // so that two pages have one mean only where they are the same
        }

        return new PageSnapshot(tokens.Length, MemoryMarshal.AsBytes<float>(keys).ToArray(), new byte[keys.Length * sizeof(float)], mean);
    }
}
