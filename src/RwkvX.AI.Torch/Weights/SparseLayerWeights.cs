namespace RwkvX.AI.Torch.Weights;

/// <summary>Device addresses of a sparse-attention layer.</summary>
/// <param name="Norm">Before the attention.</param>
/// <param name="Qkv">(3C, C): receptance, key, value, one below the other.</param>
/// <param name="Output">(C, C).</param>
/// <param name="ChannelMix">The channel mix after it.</param>
internal sealed record SparseLayerWeights(LayerNormWeights Norm, MatrixWeights Qkv, MatrixWeights Output, ChannelMixWeights ChannelMix);
