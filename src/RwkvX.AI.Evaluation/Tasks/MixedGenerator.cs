namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Draws a generator for each document.</summary>
internal sealed class MixedGenerator : TaskGenerator
{
    private static readonly (string Name, int Weight)[] Shares =
    [
        ("passkey", 3), ("needle-1", 2), ("needle-2", 4), ("needle-3", 2), ("multi-key", 3), ("multi-value", 3),
        ("facts", 9), ("chat", 9), ("decisions", 6), ("talk", 3),
    ];

    private readonly TaskGenerator[] _generators;

    public MixedGenerator(WordSplit split, Func<Random, string>? prose) =>
        _generators = [.. Shares.SelectMany(share => Enumerable.Repeat(TaskGenerators.Open(share.Name, split, prose), share.Weight))];

    public override string Name => "tasks";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count) =>
        _generators[random.Next(_generators.Length)].Write(random, tokens, count);
}
