using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>One way of computing the sparse attention; all of (B, H, T, N).</summary>
internal delegate Tensor AttentionForm(Tensor q, Tensor k, Tensor v);
