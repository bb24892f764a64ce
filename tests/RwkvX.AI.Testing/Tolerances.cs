namespace RwkvX.AI.Testing;

/// <summary>How far an honest engine may be from the exact result; logits of the golden models have an rms of about 1.</summary>
public static class Tolerances
{
    /// <summary>The double-precision oracle against the golden data (stored in single precision).</summary>
    public const double Oracle = 1e-5;

    /// <summary>Single-precision arithmetic against golden logits and states, absolute.</summary>
    public const double F32 = 1e-4;

    /// <summary>Single-precision arithmetic on a trained model, whose logits reach 30, absolute.</summary>
    public const double F32Trained = 2e-3;

    /// <summary>Between schedules of one engine, relative to the largest logit.</summary>
    public const double Schedules = 2e-5;

    /// <summary>Two chunk scores nearer than this may be ordered differently by different roundings.</summary>
    public const double ChunkScoreGap = 1e-4;

    /// <summary>The bound on the rms error of golden logits in bfloat16 arithmetic.</summary>
    public const double BF16Rms = 0.05;
}
