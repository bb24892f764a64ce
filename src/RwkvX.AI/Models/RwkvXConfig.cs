namespace RwkvX.AI.Models;

/// <summary>The sizes of an RWKV-X model (arXiv 2504.21463).</summary>
/// <remarks>Letters in the code follow the paper: C = <see cref="EmbeddingSize"/>, N = <see cref="HeadSize"/>, H = <see cref="HeadCount"/>, V = <see cref="VocabSize"/>.</remarks>
public sealed record RwkvXConfig
{
    /// <summary>C, the width of the residual stream.</summary>
    public required int EmbeddingSize { get; init; }

    /// <summary>L, the number of RWKV-7 layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>M, the number of sparse-attention layers; 0 for a plain RWKV-7 model. Divides <see cref="LayerCount"/>.</summary>
    public required int SparseLayerCount { get; init; }

    /// <summary>V, the number of rows of the embedding and of the head.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The inner width of the channel mixes, 4·C.</summary>
    public int FeedForwardSize => 4 * EmbeddingSize;

    /// <summary>N, the size of a head; 64 in every published checkpoint.</summary>
    public int HeadSize { get; init; } = 64;

    /// <summary>Tokens in a chunk of keys of the sparse attention, B.</summary>
    public int MobaChunkSize { get; init; } = 2048;

    /// <summary>Chunks that a query and head attends to, its own chunk included.</summary>
    public int MobaTopK { get; init; } = 3;

    /// <summary>H = C / N.</summary>
    public int HeadCount => EmbeddingSize / HeadSize;

    /// <summary>RWKV layers before each sparse layer, L / M; 0 where there is no sparse layer.</summary>
    public int SparseInterval => SparseLayerCount == 0 ? 0 : LayerCount / SparseLayerCount;
}
