using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Needles in a haystack: special numbers and identifiers for words, after RULER's (arXiv 2404.06654) families.</summary>
internal sealed class NeedleGenerator(NeedleKind kind, Fillers fillers) : TaskGenerator
{
    private readonly WordList _keys = fillers.Words;

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
        string what = kind == NeedleKind.Identifier ? "identifier" : random.Next(4) == 0 ? "code" : "number";
        string[] keys = Keys(random, tokens);
        string[] values = [.. keys.Select(_ => Value(random))];
        string[] asked = [.. keys.Distinct()];
        random.Shuffle(asked);
        asked = asked[..(kind == NeedleKind.MultiValue ? 1 : !_keys.IsTraining ? 1 : Math.Min(asked.Length, random.Next(1, 33)))];
        if (kind == NeedleKind.MultiValue) asked[0] = keys.GroupBy(key => key).MaxBy(group => group.Count())!.Key;
        DocumentWriter writer = new(count);
        writer.Add($"Some special magic {what}s are hidden within the following text. Make sure to memorize them. I will quiz you about them afterwards.\n", PartKind.Question);
        IFiller filler = kind == NeedleKind.RepeatedFiller ? Fillers.Repeated : fillers.Draw(random);
        int frame = asked.Sum(key => count(Question(what, key, several: false)) + 10);
        Scatter.Write(writer, random, tokens - frame, filler, [.. keys.Zip(values, (key, value) => $"One of the special magic {what}s for {key} is: {value}.")]);
        writer.TrimEnd();
        string joint = "\n";
        (string end, string next) = _keys.IsTraining ? ("\n\n", "") : ("", "\n\n"); // an answer ends at a blank line, which training counts as a part of it
        foreach (string key in asked)
        {
            string[] mine = [.. keys.Zip(values).Where(pair => pair.First == key).Select(pair => pair.Second)];
            writer.Add(joint + Question(what, key, mine.Length > 1), PartKind.Question).Add($" {string.Join(", ", mine)}.{end}", PartKind.Answer);
            joint = next;
        }

        return writer.ToDocument();
    }

    /// <summary>A key for each needle. Training also has documents of many needles, where every question teaches something.</summary>
    private string[] Keys(Random random, int tokens)
    {
        bool isTraining = _keys.IsTraining;
        int most = Math.Clamp(tokens / 80, 1, 60);
        int others = !isTraining || random.Next(5) < 2 ? 0 : Drawn.Count(random, most) - 1;
        int needles = kind switch
        {
            NeedleKind.MultiKey => Math.Max(random.Next(2, Math.Clamp(tokens / 200, 3, 9)), others),
            NeedleKind.MultiValue => random.Next(2, isTraining ? 6 : 5),
            _ => 1 + others,
        };
        HashSet<string> distinct = [];
        while (distinct.Count < (kind == NeedleKind.MultiValue ? 1 + others : needles)) distinct.Add(_keys.Compound(random));
        if (kind != NeedleKind.MultiValue) return [.. distinct];
        string[] keys = [.. Enumerable.Repeat(distinct.First(), needles), .. distinct.Skip(1)];
        random.Shuffle(keys);
        return keys;
    }

    private static string Question(string what, string key, bool several) => several
        ? $"What are all the special magic {what}s for {key} mentioned in the provided text? The special magic {what}s for {key} mentioned in the provided text are"
        : $"What is the special magic {what} for {key} mentioned in the provided text? The special magic {what} for {key} mentioned in the provided text is";

    private string Value(Random random) => kind == NeedleKind.Identifier
        ? $"{random.Next(0x10000):x4}{random.Next(0x10000):x4}-{random.Next(0x10000):x4}-{random.Next(0x10000):x4}"
        : $"{random.Next(1_000_000, 10_000_000)}";
}
