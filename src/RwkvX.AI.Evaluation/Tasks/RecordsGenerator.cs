using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>
/// A list of keys with values, said again in another order, asked about, or both: of all documents the one with most to recall in the fewest tokens. A line that is said again
/// teaches to look a key up, since the value stands right behind it; a question teaches the same from further away.
/// </summary>
internal sealed class RecordsGenerator(Fillers fillers) : TaskGenerator
{
    /// <summary>Keys stand behind a space, as in the questions: at the start of a line the same word has other tokens.</summary>
    private static readonly string[] Lines = ["- {k}: {v}", "- {k} = {v}", "* {k} is {v}.", "The {k}; {v}", "Under {k} it says {v}.", "The entry for {k} is {v}."];
    private static readonly string[] Questions = ["What does it say under {k}?", "The {k}?", "What is the entry for {k}?", "Look up {k}.", "Which value belongs to {k}?"];
    private static readonly string[] Agains = ["\nAgain, in another order:", "\nThe same once more:", "\nSorted:", "\nA copy:"];

    private readonly WordList _words = fillers.Words;

    public override string Name => "records";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        int form = random.Next(3);
        bool isSaidAgain = form != 0, isAsked = form != 1;
        int kind = random.Next(6);
        string line = Fact.Pick(Lines, random), question = Fact.Pick(Questions, random);
        string sample = Key(random) + Value(kind, random);
        int told = count(line + sample), asking = count($"User: {question}\n\nAssistant: {sample}\n\n");
        int most = Math.Clamp((tokens - 20) / (told + (isSaidAgain ? told : 0) + (isAsked ? asking : 0)), 2, 200);
        int records = random.Next(2) == 0 ? most : Drawn.Count(random, most);
        Dictionary<string, string> entries = [];
        while (entries.Count < records) entries.TryAdd(Key(random), Value(kind, random));
        string[] asked = isAsked ? Drawn.Shuffled(entries.Keys, random)[..Math.Min(records, 40)] : [];
        DocumentWriter writer = new(count);
        writer.Add("Text:\n", PartKind.Question);
        Scatter.Write(writer, random, tokens - (isSaidAgain ? records * told : 0) - (asked.Length * asking), random.Next(2) == 0 ? Fillers.Repeated : fillers.Draw(random),
            [.. entries.Select(entry => "\n" + line.Replace("{k}", entry.Key, StringComparison.Ordinal).Replace("{v}", entry.Value, StringComparison.Ordinal))]);
        writer.TrimEnd();
        if (isSaidAgain) SayAgain(writer, random, line, entries);
        writer.Add("\n\n", PartKind.Question);
        foreach (string key in asked) writer.Ask(question.Replace("{k}", key, StringComparison.Ordinal)).Answer(entries[key]);
        return writer.ToDocument();
    }

    private static void SayAgain(DocumentWriter writer, Random random, string line, Dictionary<string, string> entries)
    {
        writer.Add(Fact.Pick(Agains, random), PartKind.Question);
        int value = line.IndexOf(" {v}", StringComparison.Ordinal);
        foreach (string key in Drawn.Shuffled(entries.Keys, random))
        {
            writer.Add("\n" + line[..value].Replace("{k}", key, StringComparison.Ordinal), PartKind.Question)
                .Add(line[value..].Replace("{v}", entries[key], StringComparison.Ordinal), PartKind.Answer);
        }
    }

    private string Key(Random random) => random.Next(3) == 0 ? _words.InventName(random) : _words.Compound(random);

    private string Value(int kind, Random random) => kind switch
    {
        0 => $"{random.Next(10, 1_000_000)}",
        1 => _words.Any(random),
        2 => _words.InventName(random),
        3 => $"{random.Next(0x10000):x4}-{random.Next(0x10000):x4}",
        4 => $"{random.Next(10, 100)}",
        _ => _words.From(Vocabulary.Colours, random),
    };
}
