namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Draws a generator for each document.</summary>
internal sealed class MixedGenerator : TaskGenerator
{
    private static readonly (string Name, int Weight)[] Shares =
    [
        ("passkey", 2), ("needle-1", 2), ("needle-2", 4), ("needle-3", 4), ("multi-key", 7), ("multi-value", 6),
        ("facts", 12), ("chat", 9), ("decisions", 12), ("records", 8), ("quote", 5), ("talk", 2), ("everyday", 9),
    ];

    private readonly TaskGenerator[] _generators;

    public MixedGenerator(WordSplit split, Fillers fillers) =>
        _generators = [.. Shares.SelectMany(share => Enumerable.Repeat(TaskGenerators.Open(share.Name, split, fillers), share.Weight))];

    public override string Name => "tasks";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count) =>
        _generators[random.Next(_generators.Length)].Write(random, tokens, count);
}
