using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Training.Optimization;

/// <summary>Decides which steps are not to be taken: those with NaN, infinity, or a gradient far beyond the recent ones.</summary>
/// <param name="plan">How far is far.</param>
internal sealed class SpikeGuard(OptimizerPlan plan)
{
    private const int Window = 64, MinSeen = 16;

    private readonly Queue<double> _recent = [];

    /// <summary>Skipped steps in a row.</summary>
    public int SkippedInARow { get; private set; }

    /// <summary>The recent gradient norms, for checkpoints.</summary>
    public double[] Recent
    {
        get => [.. _recent];
        init => _recent = new Queue<double>(value);
    }

    /// <summary>Why a step shall be skipped; null where it may be taken.</summary>
    /// <param name="loss">The step's loss.</param>
    /// <param name="norm">Its gradient norm.</param>
    public string? Judge(double loss, double norm)
    {
        string? reason = !double.IsFinite(loss) || !double.IsFinite(norm) ? $"loss {loss}, gradient norm {norm}"
            : _recent.Count >= MinSeen && norm > plan.SpikeFactor * Median() ? FormattableString.Invariant($"gradient norm {norm:g4}, {plan.SpikeFactor} times the recent median {Median():g4} at most")
            : null;
        SkippedInARow = reason is null ? 0 : SkippedInARow + 1;
        if (reason is not null) return reason;
        _recent.Enqueue(norm);
        if (_recent.Count > Window) _recent.Dequeue();
        return null;
    }

    private double Median() => _recent.Order().ElementAt(_recent.Count / 2);
}
