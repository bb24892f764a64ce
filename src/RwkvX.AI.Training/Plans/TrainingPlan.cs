using System.Text.Json;

namespace RwkvX.AI.Training.Plans;

/// <summary>A whole training run: the model to start from and the stages it goes through. One JSON file.</summary>
public sealed record TrainingPlan
{
    /// <summary>What to train.</summary>
    public required ModelPlan Model { get; init; }

    /// <summary>The stages, one after the other.</summary>
    public required IReadOnlyList<StagePlan> Stages { get; init; }

    /// <summary>The optimizer.</summary>
    public OptimizerPlan Optimizer { get; init; } = new();

    /// <summary>Decides initialisation and the order of the data.</summary>
    public int Seed { get; init; } = 1;

    /// <summary><c>f32</c>, or <c>bf16</c>: matrix products in 16 bit; masters, norms, recurrence and losses stay in single precision.</summary>
    public string Precision { get; init; } = "f32";

    /// <summary>Seconds between checkpoints.</summary>
    public double SaveEverySeconds { get; init; } = 60;

    /// <summary>Seconds after which the run saves and ends, finished or not; null for no limit.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>Low-rank fine-tuning instead of training the weights themselves; null for not.</summary>
    public LowRankPlan? LowRank { get; init; }

    /// <summary>Reads and checks a plan. Paths in it are relative to its own folder.</summary>
    /// <exception cref="PlanException">It is no plan; the message names the field.</exception>
    public static TrainingPlan Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            TrainingPlan plan = JsonSerializer.Deserialize<TrainingPlan>(File.ReadAllText(path), PlanJson.Options)
                ?? throw new PlanException($"{path}: expected a JSON object, found null");
            plan.Validate(path);
            return plan;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new PlanException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The plan as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PlanJson.Options);

    /// <summary>Decides the data of a stage.</summary>
    internal int SeedOf(int stage) => unchecked((Seed * 7919) + stage);

    /// <summary>Checks that so many devices can share the batches of each step.</summary>
    /// <exception cref="PlanException">A stage accumulates another number of batches.</exception>
    internal void ValidateFor(int devices)
    {
        if (Stages.FirstOrDefault(stage => stage.Accumulate % devices != 0) is { } uneven)
            throw new PlanException($"stage {uneven.Name}: accumulate: expected a multiple of the {devices} devices that share a step's batches, found {uneven.Accumulate}");
    }

    internal void Validate(string path)
    {
        if (Stages.Count == 0) throw new PlanException($"{path}: stages: expected at least one, found none");
        if (Precision is not ("f32" or "bf16")) throw new PlanException($"{path}: precision: expected f32 or bf16, found {Precision}");
        if ((Model.From is null) == (Model.New is null)) throw new PlanException($"{path}: model: expected one of 'from' and 'new'");
        if (Optimizer.Matrices is not ("adamw" or "muon")) throw new PlanException($"{path}: optimizer: matrices: expected adamw or muon, found {Optimizer.Matrices}");
        foreach (StagePlan stage in Stages) stage.Validate($"{path}: stage {stage.Name}");
    }
}
