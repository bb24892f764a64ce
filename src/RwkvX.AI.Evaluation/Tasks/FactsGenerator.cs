using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A document with facts at random places, and questions about them and about facts that it does not hold. Training also spreads the facts over several documents.</summary>
internal sealed class FactsGenerator(Fillers fillers) : TaskGenerator
{
    private const int Few = 8; // of a document that is nearly all filler, as one in three of training is and all of several facts at once are

    private static readonly (string Before, string After)[] Frames =
    [
        .. DocumentWriter.Openings.Select(opening => (opening, "\n\n")),
        ("User: Please read this.\n\n", "\n\nAssistant: I have read it.\n\n"),
    ];

    private readonly WordList _words = fillers.Words;

    /// <summary>Facts to put in; 0 for as many as fit.</summary>
    public int FactCount { get; init; }

    /// <summary>Share of questions about what was never told.</summary>
    public double UnknownShare { get; init; } = Fact.UnknownShare(fillers.Words);

    /// <summary>Whether one question asks for several facts at once.</summary>
    public bool AskAtOnce { get; init; }

    public override string Name => "facts";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        int most = Math.Clamp(tokens / 45, 1, _words.IsTraining ? 240 : 120);
        if (_words.IsTraining && random.Next(3) == 0) most = Math.Min(most, Few);
        int told = FactCount > 0 ? FactCount : Drawn.Told(_words, random, most);
        List<Fact> known = Fact.DrawMany(told, _words, random), unknown = Fact.DrawUnknown(4, known, _words, random);
        DocumentWriter writer = new(count);
        int documents = _words.IsTraining && random.Next(3) == 0 ? random.Next(2, 6) : 1;
        (string before, string after) = Frames[documents > 1 ? 0 : random.Next(Frames.Length)];
        int questions = AskAtOnce ? 4 : _words.IsTraining ? known.Count : Math.Min(known.Count, 24);
        int asking = _words.IsTraining ? count($"User: {known[0].Question(random)}\n\nAssistant: {known[0].Answer}\n\n") : 25;
        int length = tokens - 20 - (questions * asking);
        for (int i = 0; i < documents; i++)
        {
            writer.Add(before, PartKind.Question);
            if (_words.IsTraining && random.Next(5) == 0) writer.Add(DecisionsGenerator.Heading(_words, random), PartKind.Filler);
            Scatter.Write(writer, random, length * (i + 1) / documents, Filler(known, random), [.. known[(known.Count * i / documents)..(known.Count * (i + 1) / documents)].Select(fact => fact.Statement(random))]);
            writer.TrimEnd().Add(after, PartKind.Question);
        }

        Queue<Fact> asked = new(Drawn.Shuffled(known, random));
        bool isSeveral = AskAtOnce || (known.Count >= 2 && FactCount == 0 && random.Next(2) == 0);
        for (int i = !isSeveral ? 0 : _words.IsTraining ? random.Next(1, 4 + (known.Count / 4)) : 1; i > 0 && asked.Count > 0; i--) AskSeveral(writer, random, asked, _words.IsTraining ? random.Next(2, 6) : 4);
        for (int i = 0; i < questions && asked.Count > 0; i++)
        {
            bool isKnown = unknown.Count == 0 || random.NextDouble() >= UnknownShare;
            Fact fact = isKnown ? asked.Dequeue() : unknown[random.Next(unknown.Count)];
            writer.Ask(fact.Question(random)).Answer(isKnown ? fact.Answer : Fact.Unknown[0]);
        }

        return writer.ToDocument();
    }

    private IFiller Filler(List<Fact> known, Random random) => _words.Surprises(random) ? new RivalFiller(fillers.Draw(random), known, _words, random) : fillers.Draw(random);

    private static void AskSeveral(DocumentWriter writer, Random random, Queue<Fact> known, int count)
    {
        Fact[] asked = [.. Enumerable.Range(0, Math.Min(known.Count, count)).Select(_ => known.Dequeue())];
        writer.Ask(string.Join(' ', asked.Select(fact => fact.Question(random)))).Answer(string.Join(' ', asked.Select(fact => fact.Answer)));
    }
}
