using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A chat in which the user tells facts, talks of other things, and asks for them much later.</summary>
internal sealed class ChatGenerator(Fillers fillers) : TaskGenerator
{
    private static readonly string[] Acknowledgements = ["Noted.", "I will remember that.", "Thank you, I have noted it.", "All right.", "Good to know."];
    private static readonly string[] Readings = ["Here is something I read:", "Look at this:", "I wrote this yesterday:", "Please keep this in mind too:", "Listen:"];

    private readonly WordList _words = fillers.Words;

    /// <summary>Facts to tell; 0 for as many as fit.</summary>
    public int FactCount { get; init; }

    /// <summary>Share of questions about what was never told.</summary>
    public double UnknownShare { get; init; } = Fact.UnknownShare(fillers.Words);

    /// <summary>Tokens of other talk between the last fact and the first question; null for what comes.</summary>
    public int? Distance { get; init; }

    /// <summary>Whether all that is told are <see cref="Remark"/>s, instead of some of it in half of training.</summary>
    public bool IsEveryday { get; init; }

    public override string Name => IsEveryday ? "everyday-chat" : "chat";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        bool isAlone = IsEveryday && Distance is null && tokens < 1000 && random.Next(2) == 0; // no other talk
        int told = FactCount > 0 ? FactCount : isAlone ? Math.Clamp(tokens / 50, 1, 20) : Drawn.Told(_words, random, Math.Clamp(tokens / 80, 1, _words.IsTraining ? 120 : 60));
        List<Fact> own = IsEveryday ? [] : Fact.DrawMany((told / 2) + 3, _words, random, own: true);
        List<Fact> others = IsEveryday ? [] : Fact.DrawMany((told / 2) + 3, _words, random);
        Fact? name = random.Next(2) == 0 ? own.Find(fact => fact.Relation == Relation.Name) : null; // told with the greeting
        List<Told> tellable = [.. own.Where(fact => fact != name).Select(fact => Told.Own(fact, random)), .. others.Select(fact => new Told(fact.Statement(random), [(fact.Question(random), fact.Answer)]))];
        bool hasRemarks = IsEveryday || _words.Surprises(random);
        HashSet<string> taken = [.. own.SelectMany(fact => fact.Relation.OwnQuestions!)];
        Cast? cast = hasRemarks ? Cast.Draw(random) : null;
        if (hasRemarks) tellable.AddRange(Remarks(told, taken, cast, random));
        Told[] facts = Drawn.Shuffled(tellable, random);
        told = Math.Min(told, facts.Length);
        Untold unknown = new(facts[told..], hasRemarks ? EverydayGenerator.UnknownShare : UnknownShare, taken, cast);
        DocumentWriter writer = new(count);
        TalkGenerator.Greet(writer, random, name?.Value);
        (int questions, int most) = IsEveryday && Distance is null ? (2 * told, 40) : (told, 24);
        if (!_words.IsTraining) questions = Math.Min(questions, most);
        int talk = Math.Max(0, tokens - writer.Tokens - (told * 30) - (questions * 30));
        List<Told> open = name is null ? [] : [Told.Own(name, random)];
        for (int i = 0; i < told; i++)
        {
            string said = Telling(facts[i].Statement, random);
            open.Add(facts[i]);
            while (_words.IsTraining && i + 1 < told && random.Next(4) == 0) // several in one message
            {
                said += " " + Telling(facts[++i].Statement, random);
                open.Add(facts[i]);
            }

            writer.Add($"User: {said}\n\nAssistant:", PartKind.Fact).Answer(Fact.Pick(Acknowledgements, random));
            if (Distance is null && !isAlone && random.Next(3) == 0) Talk(writer, random, writer.Tokens + (talk / (told + 1)), open, unknown);
        }

        if (!isAlone) Talk(writer, random, Distance is { } distance ? writer.Tokens + distance : tokens - (questions * 30), open, unknown);
        for (int i = 0; i < questions && open.Count > 0; i++) Ask(writer, random, open, unknown);
        return writer.ToDocument();
    }

    /// <summary>Remarks of the user about himself and, one in five, about others, that answer no question about the facts.</summary>
    private IEnumerable<Told> Remarks(int count, HashSet<string> taken, Cast? cast, Random random) =>
        Remark.DrawMany(Remark.OfUsers, (2 * count) + 2, taken, cast, _words, random).Concat(Remark.DrawMany(Remark.OfTexts, (count + 1) / 2, taken, cast, _words, random)).Select(Told.Of);

    /// <summary>A question about a part of something told, which is not asked again, or about what was not.</summary>
    private void Ask(DocumentWriter writer, Random random, List<Told> open, Untold unknown)
    {
        if (unknown.Facts.Length > 0 && random.NextDouble() < unknown.Share)
        {
            string? near = HasManner ? open[random.Next(open.Count)].Remark?.AskUntold(unknown.Taken, unknown.Cast, _words, random) : null;
            string untold = near ?? unknown.Facts[random.Next(unknown.Facts.Length)].Draw(random).Question;
            writer.Ask(HasManner ? Manner.Ask(untold, random) : untold).Answer(Fact.Unknown[2]);
            return;
        }

        int asked = random.Next(open.Count);
        (string question, string answer) = open[asked].Draw(random);
        writer.Ask(HasManner ? Manner.Ask(question, random) : question).Answer(answer);
        if (open[asked].Without(answer) is { Asked.Length: > 0 } rest && (IsEveryday || random.Next(2) == 0)) open[asked] = rest;
        else open.RemoveAt(asked);
    }

    private bool HasManner => IsEveryday || _words.IsTraining;

    private string Telling(string statement, Random random) => HasManner ? Manner.Tell(statement, random) : statement;

    /// <summary>Other talk until a length is reached: small talk, texts that the user shows, and in training a question now and then.</summary>
    private void Talk(DocumentWriter writer, Random random, int until, List<Told> open, Untold unknown)
    {
        while (writer.Tokens < until)
        {
            if (Distance is null && open.Count > 1 && random.Next(24) == 0) Ask(writer, random, open, unknown);
            if (random.Next(2) == 0)
            {
                TalkGenerator.Exchange(writer, random, _words);
                continue;
            }

            IFiller filler = fillers.Draw(random);
            bool isDocument = _words.IsTraining && random.Next(4) == 0;
            writer.Add(isDocument ? "Document:\n" : $"User: {Fact.Pick(Readings, random)} ", PartKind.Question);
            int end = Math.Min(until, writer.Tokens + random.Next(40, 600));
            do writer.Add(OneParagraph(filler.Next(random)), PartKind.Filler);
            while (writer.Tokens < end);
            writer.TrimEnd();
            if (isDocument) writer.Add("\n\n", PartKind.Question);
            else writer.Add("\n\nAssistant:", PartKind.Question).Answer(Fact.Pick(Acknowledgements, random));
        }
    }

    /// <summary>A blank line would end the turn.</summary>
    private static string OneParagraph(string text) => text.ReplaceLineEndings("\n").Replace("\n\n", "\n", StringComparison.Ordinal).Replace("\n\n", "\n", StringComparison.Ordinal);

    /// <summary>What is not told, how often a question is about it, what remarks answer, and of whom.</summary>
    private sealed record Untold(Told[] Facts, double Share, HashSet<string> Taken, Cast? Cast);

    /// <summary>What is told, and what may be asked of it.</summary>
    private sealed record Told(string Statement, (string Question, string Answer)[] Asked, Remark.Said? Remark = null)
    {
        public static Told Own(Fact fact, Random random) => new(fact.OwnStatement(random), [(fact.OwnQuestion(random), fact.OwnAnswer)]);

        public static Told Of(Remark.Said remark) => new(remark.Statement, [.. remark.Asked.SelectMany(one => one.Questions.Select(question => (question, one.Answer)))], remark);

        /// <summary>One of the questions; of a single one nothing is drawn.</summary>
        public (string Question, string Answer) Draw(Random random) => Asked[Asked.Length == 1 ? 0 : random.Next(Asked.Length)];

        public Told Without(string answer) => this with { Asked = [.. Asked.Where(one => one.Answer != answer)] };
    }
}
