using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>One way of computing a layer norm with the token shift and the mixes behind it: h = LN(x + added), mixed = h + (h' − h)·μ, where h' is the previous token's h and zero at the start.</summary>
/// <param name="x">(B, T, C), or (T, C), F32</param>
/// <param name="added">Likewise, F32 or BF16: what is added to x first; null for nothing.</param>
/// <param name="weight">(C) F32, of the norm.</param>
/// <param name="bias">(C) F32, of the norm.</param>
/// <param name="mix">C numbers each, F32: the μ; none for h alone.</param>
/// <param name="compute">The type of the results, and of <paramref name="added"/>.</param>
/// <returns>x + added in F32; and a tensor like x for each μ.</returns>
internal delegate (Tensor Sum, Tensor[] Mixed) ShiftMixForm(Tensor x, Tensor? added, Tensor weight, Tensor bias, Tensor[] mix, ScalarType compute);
