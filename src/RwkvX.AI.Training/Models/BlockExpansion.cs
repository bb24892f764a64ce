using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Models;

/// <summary>Turns a plain RWKV-7 model into an RWKV-X model that computes the same: sparse layers whose outputs start at zero.</summary>
internal static class BlockExpansion
{
    /// <summary>The expanded model; the RWKV layers are copies.</summary>
    /// <param name="plain">A model without sparse layers.</param>
    /// <param name="sparseLayers">M, which divides the number of RWKV layers.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <param name="topK">Chunks that a query attends to.</param>
    /// <param name="seed">Decides the new weights.</param>
    public static TrainableModel Expand(TrainableModel plain, int sparseLayers, int chunkSize, int topK, int seed)
    {
        RwkvXConfig narrow = plain.Config;
        if (narrow.SparseLayerCount != 0) throw new ArgumentException($"expected a model without sparse layers, found {narrow.SparseLayerCount}", nameof(plain));
        if (sparseLayers < 1 || narrow.LayerCount % sparseLayers != 0)
            throw new ArgumentOutOfRangeException(nameof(sparseLayers), sparseLayers, $"expected a divisor of {narrow.LayerCount} layers");
        RwkvXConfig config = narrow with { SparseLayerCount = sparseLayers, MobaChunkSize = chunkSize, MobaTopK = topK };
        TrainableModel expanded = new(config, "rwkv.");
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor parameter) in plain.Parameters)
            expanded.Add("rwkv." + name[plain.Prefix.Length..], parameter.detach().clone());
        Initialization initialization = new(config, seed);
        for (int m = 0; m < sparseLayers; m++) initialization.AddSparseLayer(expanded, m);
        return expanded;
    }
}
