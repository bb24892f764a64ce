namespace RwkvX.AI.Training.Plans;

/// <summary>AdamW or Muon, and what guards them.</summary>
public sealed record OptimizerPlan
{
    /// <summary>What the matrices of layers take their steps by: <c>adamw</c>, or <c>muon</c>. Everything else goes by AdamW.</summary>
    public string Matrices { get; init; } = "adamw";

    /// <summary>Decay of Muon's momentum.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-18;

    /// <summary>Decoupled decay of the large matrices; vectors, norms and low-rank pairs are not decayed.</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>The gradient's norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>A step whose gradient norm is this many times the recent median is skipped.</summary>
    public double SpikeFactor { get; init; } = 20;

    /// <summary>So many skipped steps in a row end the run.</summary>
    public int MaxSkips { get; init; } = 20;
}
