namespace RwkvX.AI.Training.Benchmarks;

/// <summary>What a benchmark of training measured: medians; seconds, bytes, and tokens and operations a second.</summary>
internal sealed record StepBenchFigures
{
    /// <summary>B</summary>
    public required int Batch { get; init; }

    /// <summary>T</summary>
    public required int Length { get; init; }

    /// <summary>Parameters in all.</summary>
    public required long Parameters { get; init; }

    /// <summary>Forward and backward of a step, the loss read on the host.</summary>
    public required double GradientSeconds { get; init; }

    /// <summary>Norm of the gradients, moments and weights; 0 where it was left out.</summary>
    public required double OptimizerSeconds { get; init; }

    /// <summary>Tokens of a step over both.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>6 operations a parameter, the embedding left out, and token, over <see cref="GradientSeconds"/>: the optimizer and what is computed twice do not count.</summary>
    public required double ModelFlops { get; init; }

    /// <summary>Operations a second of a large product in the compute type, in the same run.</summary>
    public required double PeakFlops { get; init; }

    /// <summary><see cref="ModelFlops"/> over <see cref="PeakFlops"/>.</summary>
    public double PeakShare => ModelFlops / PeakFlops;

    /// <summary>On a GPU the device memory in use after the steps, which libtorch does not give back, other programs' included; else the process's most.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Each operator alone.</summary>
    public required IReadOnlyList<OperatorTime> Operators { get; init; }
}

/// <summary>One operator, measured alone on tensors of the step's shape.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Count">How often a step does it; those of 0 are parts of others.</param>
/// <param name="ForwardSeconds">Forward with what it keeps for backward; of the head backward too.</param>
/// <param name="BackwardSeconds">Backward, the weights' gradients included.</param>
internal sealed record OperatorTime(string Name, int Count, double ForwardSeconds, double BackwardSeconds)
{
    /// <summary>Of a step.</summary>
    public double StepSeconds => Count * (ForwardSeconds + BackwardSeconds);
}
