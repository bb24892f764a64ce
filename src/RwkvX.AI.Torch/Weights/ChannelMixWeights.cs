namespace RwkvX.AI.Torch.Weights;

/// <summary>Device addresses of a channel mix.</summary>
/// <param name="Norm">Before it.</param>
/// <param name="Xk">(C) f32.</param>
/// <param name="Key">(F, C).</param>
/// <param name="Value">(F, C): transposed, so that an inner index owns one contiguous row.</param>
internal readonly record struct ChannelMixWeights(LayerNormWeights Norm, ulong Xk, MatrixWeights Key, MatrixWeights Value);
