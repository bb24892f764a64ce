using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>The state of an RWKV layer; tensors are replaced, never written, so that forks may share them.</summary>
internal sealed class RwkvLayerState
{
    /// <summary>(C) the last row after LN1.</summary>
    public required Tensor AttXPrev;

    /// <summary>(H, N, N)</summary>
    public required Tensor Wkv;

    /// <summary>(C) the last row after LN2.</summary>
    public required Tensor FfnXPrev;
}
