namespace RwkvX.AI.Testing.Reference;

/// <summary>The state of the scalar reference model, in plain arrays.</summary>
public sealed class ScalarState
{
    internal ScalarState(int rwkvLayers, int sparseLayers, int embeddingSize, int headSize)
    {
        int heads = embeddingSize / headSize;
        Rwkv = [.. Enumerable.Range(0, rwkvLayers).Select(_ => new RwkvLayer(
            new double[embeddingSize], new double[heads * headSize * headSize], new double[embeddingSize]))];
        Sparse = [.. Enumerable.Range(0, sparseLayers).Select(_ => new SparseLayer(new double[embeddingSize], [], [], []))];
    }

    private ScalarState(ScalarState other)
    {
        TokenCount = other.TokenCount;
        Rwkv = [.. other.Rwkv.Select(layer => new RwkvLayer([.. layer.AttXPrev], [.. layer.Wkv], [.. layer.FfnXPrev]))];
        Sparse = [.. other.Sparse.Select(layer => new SparseLayer([.. layer.FfnXPrev], [.. layer.Keys], [.. layer.Values], [.. layer.Means]) { Dropped = [.. layer.Dropped] })];
    }

    /// <summary>Tokens consumed.</summary>
    public int TokenCount { get; internal set; }

    /// <summary>(L) states of the RWKV layers.</summary>
    public IReadOnlyList<RwkvLayer> Rwkv { get; }

    /// <summary>(M) states of the sparse-attention layers.</summary>
    public IReadOnlyList<SparseLayer> Sparse { get; }

    /// <summary>A copy; keys, values and means are never written again, so they are shared.</summary>
    public ScalarState Fork() => new(this);

    /// <summary>One RWKV layer: (C), (H, N, N) with rows = value index, (C).</summary>
    public sealed record RwkvLayer(double[] AttXPrev, double[] Wkv, double[] FfnXPrev);

    /// <summary>One sparse layer: (C), a (C) key and value for each token, a (C) mean key for each full past chunk.</summary>
    public sealed record SparseLayer(double[] FfnXPrev, List<double[]> Keys, List<double[]> Values, List<double[]> Means)
    {
        /// <summary>Chunks that no head may choose.</summary>
        public HashSet<int> Dropped { get; init; } = [];
    }
}
