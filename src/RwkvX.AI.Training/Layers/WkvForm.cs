using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>One way of computing the RWKV-7 recurrence S ← S·diag(w) + (S·a)·bᵀ + v·kᵀ, y = S·r from an empty state; all of (B, T, H, N) F32.</summary>
internal delegate Tensor WkvForm(Tensor r, Tensor logW, Tensor k, Tensor v, Tensor a, Tensor b);
