namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Accuracies over multiple-choice questions.</summary>
/// <param name="Count">Questions.</param>
/// <param name="Accuracy">By log-likelihood: lm-evaluation-harness's <c>acc</c>.</param>
/// <param name="NormalisedAccuracy">By log-likelihood over the choice's length in characters: its <c>acc_norm</c>.</param>
public sealed record ChoiceScore(int Count, double Accuracy, double NormalisedAccuracy);
