using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Optimization;

/// <summary>Warm-up and decay within a stage.</summary>
internal static class LearningRate
{
    /// <summary>The rate of a step: a line up from zero, then a half cosine down to the final rate.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="step">0 to the stage's steps − 1.</param>
    /// <param name="timeShare">How much of the stage's time is over, where it has a limit; 0 elsewhere.</param>
    public static double At(StagePlan stage, int step, double timeShare = 0)
    {
        if (step < stage.WarmupSteps) return stage.LearningRate * (step + 1) / stage.WarmupSteps;
        double share = Math.Min(1, Math.Max(timeShare, (double)(step - stage.WarmupSteps) / Math.Max(1, stage.Steps - stage.WarmupSteps)));
        return stage.FinalLearningRate + ((stage.LearningRate - stage.FinalLearningRate) * (1 + Math.Cos(Math.PI * share)) / 2);
    }
}
