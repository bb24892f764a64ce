using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>One way of computing the input of the output product: (GN(y)·weight + bias + bonus·v)·gate, GN over each head.</summary>
/// <param name="y">(B, T, H, N) F32, of the recurrence.</param>
/// <param name="operands">Has bonus and v.</param>
/// <param name="weight">(C) F32, of the norm.</param>
/// <param name="bias">(C) F32, of the norm.</param>
/// <param name="gate">(B, T, C) in the compute type.</param>
/// <returns>(B, T, C) in the compute type.</returns>
internal delegate Tensor WkvResultForm(Tensor y, WkvOperands operands, Tensor weight, Tensor bias, Tensor gate);
