namespace RwkvX.AI.Testing.Memory;

/// <summary>What should be in a conversation.</summary>
public sealed class MemoryTwin
{
    /// <summary>The transcript's texts; null for an answer, which may be anything.</summary>
    public List<string?> Texts { get; private init; } = [];

    /// <summary>Labels, and how many texts there were at each.</summary>
    public Dictionary<string, int> Labels { get; private init; } = [];

    /// <summary>Another conversation that goes on from here, or from a label.</summary>
    public MemoryTwin Fork(string? label)
    {
        int count = label is null ? Texts.Count : Labels[label];
        return new MemoryTwin
        {
            Texts = [.. Texts.Take(count)],
            Labels = new Dictionary<string, int>(label is null ? Labels : Labels.Where(entry => entry.Value <= count && entry.Key == label)),
        };
    }
}
