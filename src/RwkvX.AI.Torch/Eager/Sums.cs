using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>Sums of tensors.</summary>
/// <remarks>
/// The operator + of TorchSharp 0.107 converts a 1 on the way into each call, which may be finalized while the call still runs (see
/// <see cref="Scalars"/>): under garbage collection it fails now and then.
/// </remarks>
internal static class Sums
{
    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, Scalars.One);
}
