namespace RwkvX.AI.Training.Plans;

/// <summary>LoRA.</summary>
/// <param name="Rank">r</param>
/// <param name="Alpha">α; the update is α/r · B·A.</param>
public sealed record LowRankPlan(int Rank = 16, double Alpha = 32);
