using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The token before each, for the mixes between a token and the one before.</summary>
internal static class TokenShift
{
    /// <summary>δ = h' − h, where h' is the previous token's h and zero at the start.</summary>
    /// <param name="h">(B, T, C)</param>
    public static Tensor Delta(Tensor h)
    {
        long T = h.shape[1];
        Tensor first = zeros_like(h.narrow(1, 0, 1));
        return cat([first, h.narrow(1, 0, T - 1)], 1) - h;
    }
}
