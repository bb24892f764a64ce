using TorchSharp;

namespace RwkvX.AI.Torch.Eager;

/// <summary>Numbers that operations take beside tensors.</summary>
/// <remarks>A number converted on the way into a call may be finalized while the call still runs (TorchSharp 0.107); these live as long as the process.</remarks>
internal static class Scalars
{
    public static readonly Scalar One = 1L; // also where tensors hold whole numbers

    public static readonly Scalar DecayScale = -0.606531f; // -exp(-0.5)

    public static readonly Scalar LeastNorm = 1e-12f;

    public static readonly Scalar ScoreScale = 0.125f; // 1 / sqrt(64)

    public static readonly Scalar NegativeInfinity = float.NegativeInfinity;
}
