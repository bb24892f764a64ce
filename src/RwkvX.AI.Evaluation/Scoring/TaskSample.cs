namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>One question's outcome.</summary>
/// <param name="Task">The generator.</param>
/// <param name="Tokens">Length of the prompt.</param>
/// <param name="Depth">Where the fact is, 0 to 1; null where that is not known.</param>
/// <param name="Expected">The right answer.</param>
/// <param name="Found">The model's.</param>
/// <param name="IsRight">Whether it counts as right.</param>
public sealed record TaskSample(string Task, int Tokens, double? Depth, string Expected, string Found, bool IsRight);
