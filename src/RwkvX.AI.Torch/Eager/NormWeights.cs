using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>A LayerNorm, or the group norm over the heads; (C) f32 each.</summary>
internal sealed record NormWeights(Tensor Weight, Tensor Bias)
{
    /// <summary>Over the last dimension.</summary>
    public Tensor Layer(Tensor x) => nn.functional.layer_norm(x, [Weight.shape[0]], Weight, Bias, 1e-5);

    /// <summary>Over each head of (T, C).</summary>
    public Tensor Group(Tensor x, int heads) => nn.functional.group_norm(x, heads, Weight, Bias, 64e-5);
}
