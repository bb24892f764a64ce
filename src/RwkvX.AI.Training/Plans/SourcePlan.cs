namespace RwkvX.AI.Training.Plans;

/// <summary>One source of sequences: shards of text, or a generator.</summary>
public sealed record SourcePlan
{
    /// <summary>Shard files, <c>*.rwkvtok</c>; null for a generator.</summary>
    public IReadOnlyList<string>? Shards { get; init; }

    /// <summary>Name of a generator, or <c>tasks</c> for all of them; null for shards.</summary>
    public string? Task { get; init; }

    /// <summary>Shards whose text a generator uses as filler; null for invented filler alone.</summary>
    public IReadOnlyList<string>? FillerShards { get; init; }

    /// <summary>Its share among the sources.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Shortest generated document in tokens; longer ones are drawn evenly on a logarithmic scale up to the stage's length.</summary>
    public int MinLength { get; init; } = 256;
}
