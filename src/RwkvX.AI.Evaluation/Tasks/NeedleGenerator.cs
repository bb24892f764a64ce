using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Needles in a haystack: special numbers and identifiers for words, after RULER's (arXiv 2404.06654) families.</summary>
internal sealed class NeedleGenerator(NeedleKind kind, WordSplit split, Fillers fillers) : TaskGenerator
{
    private readonly WordList _keys = new(split);

    public override string Name => kind switch
    {
        NeedleKind.RepeatedFiller => "needle-1",
        NeedleKind.Prose => "needle-2",
        NeedleKind.Identifier => "needle-3",
        NeedleKind.MultiKey => "multi-key",
        _ => "multi-value",
    };

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        int needles = kind switch
        {
            NeedleKind.MultiKey => random.Next(2, Math.Clamp(tokens / 200, 3, 9)),
            NeedleKind.MultiValue => random.Next(2, 5),
            _ => 1,
        };
        string what = kind == NeedleKind.Identifier ? "identifier" : random.Next(4) == 0 ? "code" : "number";
        string[] keys = [.. Enumerable.Range(0, needles).Select(_ => _keys.Compound(random))];
        if (kind == NeedleKind.MultiValue) Array.Fill(keys, keys[0]);
        string[] values = [.. keys.Select(_ => Value(random))];
        DocumentWriter writer = new(count);
        writer.Add($"Some special magic {what}s are hidden within the following text. Make sure to memorize them. I will quiz you about them afterwards.\n", PartKind.Question);
        IFiller filler = kind == NeedleKind.RepeatedFiller ? Fillers.Repeated : fillers.Draw(random);
        Scatter.Write(writer, random, tokens - 60, filler, [.. keys.Zip(values, (key, value) => $"One of the special magic {what}s for {key} is: {value}.")]);
        writer.TrimEnd();
        if (kind == NeedleKind.MultiValue)
        {
            writer.Add($"\nWhat are all the special magic {what}s for {keys[0]} mentioned in the provided text? The special magic {what}s for {keys[0]} mentioned in the provided text are", PartKind.Question);
            return writer.Add($" {string.Join(", ", values)}.", PartKind.Answer).ToDocument();
        }

        int asked = random.Next(needles);
        writer.Add($"\nWhat is the special magic {what} for {keys[asked]} mentioned in the provided text? The special magic {what} for {keys[asked]} mentioned in the provided text is", PartKind.Question);
        return writer.Add($" {values[asked]}.", PartKind.Answer).ToDocument();
    }

    private string Value(Random random) => kind == NeedleKind.Identifier
        ? $"{random.Next(0x10000):x4}{random.Next(0x10000):x4}-{random.Next(0x10000):x4}-{random.Next(0x10000):x4}"
        : $"{random.Next(1_000_000, 10_000_000)}";
}
