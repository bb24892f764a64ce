using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>Whether a snapshot fits a model and does not contradict itself.</summary>
internal static class StateSnapshotChecks
{
    /// <summary>Throws an <see cref="ArgumentException"/> that names what does not fit.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="config">The model's sizes.</param>
    /// <param name="mayLackPages">Whether the engine can do without dropped pages.</param>
    public static void Check(StateSnapshot snapshot, RwkvXConfig config, bool mayLackPages = false)
    {
        if (snapshot.Config != config)
        {
            Throw("config", $"{config}", $"{snapshot.Config}");
        }

        if (snapshot.PageType is not (TensorType.F32 or TensorType.BF16 or TensorType.F16))
        {
            Throw("page type", "F32, BF16 or F16", $"{snapshot.PageType}");
        }

        if (snapshot.TokenCount is < 0 or > int.MaxValue)
        {
            Throw("token count", $"0 to {int.MaxValue}", $"{snapshot.TokenCount}");
        }

        Expect("RWKV layers", config.LayerCount, snapshot.RwkvLayers.Count);
        Expect("sparse layers", config.SparseLayerCount, snapshot.SparseLayers.Count);
        for (int i = 0; i < config.LayerCount; i++)
        {
            Check(snapshot.RwkvLayers[i], i, config);
        }

        for (int m = 0; m < config.SparseLayerCount; m++)
        {
            Check(snapshot, m, config, mayLackPages);
        }
    }

    private static void Check(RwkvLayerSnapshot layer, int i, RwkvXConfig config)
    {
        Expect($"RWKV layer {i}: AttXPrev", config.EmbeddingSize, layer.AttXPrev.Length);
        Expect($"RWKV layer {i}: Wkv", config.EmbeddingSize * config.HeadSize, layer.Wkv.Length);
        Expect($"RWKV layer {i}: FfnXPrev", config.EmbeddingSize, layer.FfnXPrev.Length);
    }

    private static void Check(StateSnapshot snapshot, int m, RwkvXConfig config, bool mayLackPages)
    {
        SparseLayerSnapshot layer = snapshot.SparseLayers[m];
        int B = config.MobaChunkSize, rowBytes = config.EmbeddingSize * CheckpointTensor.SizeOf(snapshot.PageType);
        Expect($"sparse layer {m}: FfnXPrev", config.EmbeddingSize, layer.FfnXPrev.Length);
        Expect($"sparse layer {m}: pages", (snapshot.TokenCount + B - 1) / B, layer.Pages.Count);
        if (layer.Looks.Count > 0)
        {
            Expect($"sparse layer {m}: looks", snapshot.TokenCount / B, layer.Looks.Count);
        }

        for (int chunk = 0; chunk < layer.Pages.Count; chunk++)
        {
            PageSnapshot page = layer.Pages[chunk];
            string name = $"sparse layer {m}: page {chunk}";
            Expect($"{name}: rows", Math.Min(B, snapshot.TokenCount - ((long)chunk * B)), page.RowCount);
            if (page.IsDropped && (!mayLackPages || page.RowCount < B))
            {
                Throw(name, mayLackPages ? "a page that is not full" : "a page, since this engine keeps all", "a dropped one");
            }

            Expect($"{name}: key bytes", page.IsDropped ? 0 : (long)page.RowCount * rowBytes, page.Keys.Length);
            Expect($"{name}: value bytes", page.IsDropped ? 0 : (long)page.RowCount * rowBytes, page.Values.Length);
            if (page.Mean is not null)
            {
                Expect($"{name}: mean", config.EmbeddingSize, page.Mean.Length);
            }
        }
    }

    private static void Expect(string what, long expected, long found)
    {
        if (expected != found)
        {
            Throw(what, $"{expected}", $"{found}");
        }
    }

    private static void Throw(string what, string expected, string found) =>
        throw new ArgumentException($"snapshot: {what}: expected {expected}, found {found}");
}
