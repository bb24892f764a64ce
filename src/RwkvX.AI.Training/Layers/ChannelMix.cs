using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The channel mix: V·relu(K·k)² over a token and the one before.</summary>
internal static class ChannelMix
{
    /// <summary>Computes it for whole sequences.</summary>
    /// <param name="weights">The parameters.</param>
    /// <param name="ffn">Their names' beginning, <c>…ffn.</c></param>
    /// <param name="h">(B, T, C) after the layer norm.</param>
    /// <returns>(B, T, C) what is added to x.</returns>
    public static Tensor Forward(Weights weights, string ffn, Tensor h)
    {
        Tensor k = addcmul(h, TokenShift.Delta(h), weights[ffn + "x_k"], Scalars.One);
        return weights.Linear(nn.functional.relu(weights.Linear(k, ffn + "key.weight")).square(), ffn + "value.weight");
    }
}
