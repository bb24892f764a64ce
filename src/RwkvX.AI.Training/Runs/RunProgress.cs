namespace RwkvX.AI.Training.Runs;

/// <summary>Where a run is.</summary>
public sealed record RunProgress
{
    /// <summary>The stage, from 0.</summary>
    public int Stage { get; init; }

    /// <summary>Steps of the stage that are done, skipped ones included.</summary>
    public int StageStep { get; init; }

    /// <summary>Steps in all.</summary>
    public long Step { get; init; }

    /// <summary>Tokens trained on in all.</summary>
    public long Tokens { get; init; }

    /// <summary>Steps taken by the optimizer, skipped ones not counted.</summary>
    public long OptimizerSteps { get; init; }

    /// <summary>Recent gradient norms.</summary>
    public IReadOnlyList<double> Norms { get; init; } = [];
}
