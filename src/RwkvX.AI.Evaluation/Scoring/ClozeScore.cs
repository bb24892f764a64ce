namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Figures over cloze questions such as LAMBADA's.</summary>
/// <param name="Count">Questions.</param>
/// <param name="Accuracy">Share that greedy decoding completes exactly.</param>
/// <param name="Perplexity">exp of the mean −ln p of a whole target.</param>
public sealed record ClozeScore(int Count, double Accuracy, double Perplexity)
{
    /// <summary>Mean −ln p of a whole target.</summary>
    public double Loss { get; init; }

    /// <summary>Half of the 95% interval of <see cref="Loss"/>.</summary>
    public double LossHalfWidth { get; init; }
}
