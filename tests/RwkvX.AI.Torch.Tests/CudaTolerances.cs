namespace RwkvX.AI.Torch.Tests;

/// <summary>How far the engine on the device may be from the exact result, where it differs from the CPU's bounds.</summary>
internal static class CudaTolerances
{
    /// <summary>Single precision against golden logits and states, absolute.</summary>
    public const double F32 = 2e-4;

    /// <summary>The bound on the rms error of golden logits in 16-bit arithmetic.</summary>
    public const double Narrow = 0.05;

    /// <summary>A trained model in single precision, whose logits reach 30, absolute.</summary>
    public const double F32Trained = 2e-3;
}
