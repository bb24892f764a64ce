using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Letters, notices, minutes and diaries as people write them: statements of many shapes, close together or in other text, and short questions about any part of them.</summary>
internal sealed class EverydayGenerator(Fillers fillers) : TaskGenerator
{
    /// <summary>Share of questions about what nobody said.</summary>
    public const double UnknownShare = 0.2;

    private readonly WordList _words = fillers.Words;

    public override string Name => "everyday";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        HashSet<string> taken = [];
        bool isAlone = tokens < 1000 && random.Next(2) == 0; // nothing else in the text
        int told = isAlone ? Math.Clamp(tokens / 40, 1, 30) : Drawn.Told(_words, random, Math.Clamp(tokens / 40, 2, _words.IsTraining ? 100 : 40));
        Cast? cast = Cast.Draw(random);
        List<Remark.Said> known = Remark.DrawMany(Remark.OfTexts, told, taken, cast, _words, random), unknown = Remark.DrawMany(Remark.OfTexts, 1 + (told / 2), taken, cast, _words, random);
        (Remark.Said Remark, string[] Questions, string Answer)[] parts = Drawn.Shuffled(known.SelectMany(remark => remark.Asked.Select(part => (remark, part.Questions, part.Answer))), random);
        int questions = Math.Min(random.Next(known.Count, parts.Length) + 1, _words.IsTraining ? 200 : 40);
        IFiller filler = fillers.Draw(random);
        List<string> paragraphs = [];
        for (int i = 0; i < known.Count;)
        {
            int end = Math.Min(known.Count, i + (isAlone ? known.Count : random.Next(1, 7)));
            paragraphs.Add(string.Join(random.Next(4) == 0 ? "\n" : " ", known[i..end].Select(remark => remark.Statement)));
            i = end;
        }

        DocumentWriter writer = new(count);
        writer.Add(Fact.Pick(DocumentWriter.Openings, random), PartKind.Question).Add(Heading(random), PartKind.Filler);
        Scatter.Write(writer, random, isAlone ? 0 : tokens - (questions * 20), filler, paragraphs);
        writer.TrimEnd().Add("\n\n", PartKind.Question);
        foreach ((Remark.Said remark, string[] wordings, string right) in parts.Take(questions))
        {
            (string question, string answer) = random.NextDouble() < UnknownShare ? (Untold(remark), Fact.Unknown[0]) : (Fact.Pick(wordings, random), right);
            writer.Ask(Manner.Ask(question, random)).Answer(answer);
        }

        return writer.ToDocument();

        string Untold(Remark.Said near) => near.AskUntold(taken, cast, _words, random) ?? unknown[random.Next(unknown.Count)].Ask(random).Question;
    }

    private string Heading(Random random) => random.Next(8) switch
    {
        0 => DecisionsGenerator.Heading(_words, random),
        1 => $"Dear {_words.From(Vocabulary.FirstNames, random)},\n",
        2 => $"From: {_words.From(Vocabulary.FirstNames, random)}\nTo: {_words.From(Vocabulary.FirstNames, random)}\nSubject: {_words.FromOrAny(Vocabulary.Topics, random)}\n",
        3 => $"{Fact.Pick(["Notice", "News", "Notes", "Report", "Diary"], random)}, {random.Next(1, 29)} {Fact.Pick(Fact.Months, random)}\n",
        4 => $"{Fact.Capital(_words.FromOrAny(Vocabulary.Topics, random))}\n",
        _ => "",
    };
}
