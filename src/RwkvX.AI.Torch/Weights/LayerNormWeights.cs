namespace RwkvX.AI.Torch.Weights;

/// <summary>Device addresses of a LayerNorm's (C) f32 vectors.</summary>
internal readonly record struct LayerNormWeights(ulong Weight, ulong Bias);
