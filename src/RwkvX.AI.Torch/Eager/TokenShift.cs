using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>What a row takes from the row before it.</summary>
internal static class TokenShift
{
    /// <summary>(T, C) h' − h, where h' is h one row later, with the last row of the span before in front.</summary>
    public static Tensor Delta(Tensor h, Tensor previous) => cat([previous.unsqueeze(0), h.slice(0, 0, h.shape[0] - 1, 1)], 0) - h;

    /// <summary>(C) the last row, for the next span.</summary>
    public static Tensor Last(Tensor h) => h[-1].clone();
}
