using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A chat in which the user tells facts, talks of other things, and asks for them much later.</summary>
internal sealed class ChatGenerator(WordSplit split, Fillers fillers) : TaskGenerator
{
    private static readonly string[] Acknowledgements = ["Noted.", "I will remember that.", "Thank you, I have noted it.", "All right.", "Good to know."];
    private static readonly string[] Readings = ["Here is something I read:", "Look at this:", "I wrote this yesterday:", "Please keep this in mind too:", "Listen:"];

    private readonly WordList _words = new(split);

    /// <summary>Facts to tell; 0 for as many as fit.</summary>
    public int FactCount { get; init; }

    /// <summary>Share of questions about what was never told.</summary>
    public double UnknownShare { get; init; } = 0.2;

    /// <summary>Tokens of other talk between the last fact and the first question; null for what comes.</summary>
    public int? Distance { get; init; }

    public override string Name => "chat";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        int told = FactCount > 0 ? FactCount : random.Next(1, Math.Clamp(tokens / 120, 2, 11));
        List<Fact> own = Fact.DrawMany((told / 2) + 3, split, _words, random, own: true);
        List<Fact> others = Fact.DrawMany((told / 2) + 3, split, _words, random);
        List<(string Told, string Question, string Answer)> facts =
        [
            .. own.Select(fact => (fact.OwnStatement, fact.OwnQuestion, fact.OwnAnswer)),
            .. others.Select(fact => (fact.Statement(random), fact.Question(random), fact.Answer)),
        ];
        (string Told, string Question, string Answer)[] order = [.. facts];
        random.Shuffle(order);
        DocumentWriter writer = new(count);
        TalkGenerator.Greet(writer, random, _words);
        int questions = Math.Clamp(told, 1, 6);
        int talk = Math.Max(0, tokens - writer.Tokens - (told * 30) - (questions * 30));
        for (int i = 0; i < told && i < order.Length; i++)
        {
            writer.Add($"User: {order[i].Told}\n\nAssistant:", PartKind.Fact).Answer(Fact.Pick(Acknowledgements, random));
            if (Distance is null && random.Next(3) == 0) Talk(writer, random, writer.Tokens + (talk / (told + 1)));
        }

        Talk(writer, random, Distance is { } distance ? writer.Tokens + distance : tokens - (questions * 30));
        for (int i = 0; i < questions; i++)
        {
            bool isKnown = told >= order.Length || random.NextDouble() >= UnknownShare;
            (_, string question, string answer) = isKnown ? order[random.Next(Math.Min(told, order.Length))] : order[random.Next(told, order.Length)];
            writer.Ask(question).Answer(isKnown ? answer : Fact.Unknown[2]);
        }

        return writer.ToDocument();
    }

    /// <summary>Other talk until a length is reached: small talk, and texts that the user shows.</summary>
    private void Talk(DocumentWriter writer, Random random, int until)
    {
        while (writer.Tokens < until)
        {
            if (random.Next(2) == 0)
            {
                TalkGenerator.Exchange(writer, random, _words);
                continue;
            }

            IFiller filler = fillers.Draw(random);
            writer.Add($"User: {Fact.Pick(Readings, random)} ", PartKind.Question);
            int end = Math.Min(until, writer.Tokens + random.Next(40, 600));
            do writer.Add(OneParagraph(filler.Next(random)), PartKind.Filler);
            while (writer.Tokens < end);
            writer.TrimEnd().Add("\n\nAssistant:", PartKind.Question).Answer(Fact.Pick(Acknowledgements, random));
        }
    }

    /// <summary>A blank line would end the turn.</summary>
    private static string OneParagraph(string text) => text.ReplaceLineEndings("\n").Replace("\n\n", "\n", StringComparison.Ordinal).Replace("\n\n", "\n", StringComparison.Ordinal);
}
