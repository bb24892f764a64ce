using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The forms of what lies between the products of a layer.</summary>
/// <param name="ShiftMix">Layer norm, token shift and mixes.</param>
/// <param name="WkvOperands">From the products of a time mix to the recurrence.</param>
/// <param name="WkvResult">From the recurrence to the output product.</param>
/// <param name="SquaredRelu">relu(x)²</param>
internal sealed record ElementwiseForms(ShiftMixForm ShiftMix, WkvOperandsForm WkvOperands, WkvResultForm WkvResult, Func<Tensor, Tensor> SquaredRelu);
