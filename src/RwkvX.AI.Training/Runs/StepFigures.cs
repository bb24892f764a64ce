namespace RwkvX.AI.Training.Runs;

/// <summary>What one step reports.</summary>
/// <param name="Progress">The place after it.</param>
/// <param name="StageName">Its stage.</param>
/// <param name="Loss">The weighted mean.</param>
/// <param name="LearningRate">The rate.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="TokensPerSecond">Of this step.</param>
/// <param name="Skipped">Why it was skipped; null where it was taken.</param>
public sealed record StepFigures(
    RunProgress Progress, string StageName, double Loss, double LearningRate, double GradientNorm, double TokensPerSecond, string? Skipped);
