using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A list of keys with values, and many questions about it: of all documents the one with most to recall in the fewest tokens.</summary>
internal sealed class RecordsGenerator(Fillers fillers) : TaskGenerator
{
    private static readonly string[] Lines = ["{k}: {v}", "{k} = {v}", "- {k} is {v}.", "{k}; {v}", "Under {k} it says {v}.", "The entry for {k} is {v}."];
    private static readonly string[] Questions = ["What does it say under {k}?", "{k}?", "What is the entry for {k}?", "Look up {k}.", "Which value belongs to {k}?"];

    private readonly WordList _words = fillers.Words;

    public override string Name => "records";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        int records = Drawn.Count(random, Math.Clamp(tokens / 30, 2, 200)), kind = random.Next(5);
        Dictionary<string, string> entries = [];
        while (entries.Count < records) entries.TryAdd(Key(random), Value(kind, random));
        string line = Fact.Pick(Lines, random), question = Fact.Pick(Questions, random);
        DocumentWriter writer = new(count);
        writer.Add("Text:\n", PartKind.Question);
        string[] asked = Drawn.Shuffled(entries.Keys, random)[..Math.Min(records, 40)];
        Scatter.Write(writer, random, tokens - (asked.Length * 25), random.Next(2) == 0 ? Fillers.Repeated : fillers.Draw(random),
            [.. entries.Select(entry => "\n" + line.Replace("{k}", entry.Key, StringComparison.Ordinal).Replace("{v}", entry.Value, StringComparison.Ordinal))]);
        writer.TrimEnd().Add("\n\n", PartKind.Question);
        foreach (string key in asked) writer.Ask(question.Replace("{k}", key, StringComparison.Ordinal)).Answer(entries[key]);
        return writer.ToDocument();
    }

    private string Key(Random random) => random.Next(3) == 0 ? _words.InventName(random) : _words.Compound(random);

    private string Value(int kind, Random random) => kind switch
    {
        0 => $"{random.Next(10, 1_000_000)}",
        1 => _words.Any(random),
        2 => _words.InventName(random),
        3 => $"{random.Next(0x10000):x4}-{random.Next(0x10000):x4}",
        _ => _words.From(Vocabulary.Colours, random),
    };
}
