using RwkvX.AI.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>Value · relu(Key · k)², k = h + (h' − h) ∘ x_k.</summary>
internal sealed class ChannelMix(TorchWeights weights, ChannelMixTensors tensors)
{
    private readonly Tensor _xk = weights.Vector(tensors.Xk), _key = weights.Matrix(tensors.Key), _value = weights.Matrix(tensors.Value);

    /// <param name="h">(T, C) after LN2.</param>
    /// <param name="previous">(C) the row before; becomes the last row.</param>
    public Tensor Forward(Tensor h, ref Tensor previous)
    {
        Tensor k = h.Plus(TokenShift.Delta(h, previous) * _xk);
        previous = TokenShift.Last(h);
        Tensor inner = TorchWeights.Linear(k, _key).relu();
        return TorchWeights.Linear(inner * inner, _value);
    }
}
