using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The channel mix with the norm in front: V·relu(K·k)² over a token and the one before.</summary>
internal static class ChannelMix
{
    /// <summary>Computes it for whole sequences.</summary>
    /// <param name="weights">The parameters.</param>
    /// <param name="block">Their names' beginning, <c>…blocks.{i}.</c></param>
    /// <param name="x">(B, T, C) the residual stream.</param>
    /// <param name="added">(B, T, C) what the first half of the layer adds to it.</param>
    /// <param name="forms">The forms of what lies between the products.</param>
    /// <returns>(B, T, C) the residual stream behind the layer.</returns>
    public static Tensor Forward(Weights weights, string block, Tensor x, Tensor added, ElementwiseForms forms)
    {
        string ffn = block + "ffn.";
        (x, Tensor[] k) = forms.ShiftMix(
            x, added, weights.F32(block + "ln2.weight"), weights.F32(block + "ln2.bias"), [weights.F32(ffn + "x_k")], weights.Compute);
        return x.Plus(weights.Linear(forms.SquaredRelu(weights.Linear(k[0], ffn + "key.weight")), ffn + "value.weight"));
    }
}
