using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Minutes of a meeting with decisions in them, which are to be listed in their order. Training also asks for other facts in minutes, and has minutes without a decision.</summary>
internal sealed class DecisionsGenerator(Fillers fillers) : TaskGenerator
{
    private static readonly string[] Statements = // # is the decision
    [
        "It was decided to #.", "Decision: #.", "The meeting decided to #.", "After a vote it was decided to #.", "Decided: #.",
        "Everybody agreed, and it was decided to #.", "In the end the decision was to #.",
    ];

    /// <summary>All ways to say it, in half of training; with slots as in <see cref="Remark"/>.</summary>
    private static readonly string[] TrainingStatements = [.. Statements, .. Phrases.Lines("decided")];

    /// <summary>What else a group decides to do.</summary>
    private static readonly string[] Deeds = Phrases.Lines("deeds");

    /// <summary>What it does not decide.</summary>
    private static readonly string[] Undecided = Phrases.Lines("undecided");

    /// <summary>What a thing is called, # being its topic.</summary>
    private static readonly string[] Objects = ["the #", "the #", "the {a} #", "a {a} #", "the # of {P}", "the {n} of the #", "{d} {s} for the #", "a {n} for the #", "the # and the {n}", "all {s} of the #"];

    private static readonly string[] Tails = ["", "", "", "", " before {E}", " in {c}", " for {d} euros", " until {o}", " together with {P}", " from {D} on", " next year"];

    private static readonly string[] Questions =
        ["List all decisions.", "Which decisions were made?", "What was decided?", "Please list the decisions of the meeting in order.", "Summarise the decisions."];

    private static readonly string[] TrainingQuestions = [.. Questions, .. Phrases.Lines("listing")];

    private const string None = "No decisions were made.";

    private readonly WordList _words = fillers.Words;
    private readonly Grammar _grammar = fillers.Grammar;

    public override string Name => "decisions";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        bool isTraining = _words.IsTraining;
        int decided = isTraining && random.Next(12) == 0 ? 0 : random.Next(1, Math.Clamp(tokens / 80, 2, isTraining ? 11 : 8));
        HashSet<string> used = [];
        List<Decision> decisions = [];
        // Half of the minutes of training do the same to several things: which line comes next is then not to be told from the last action.
        string[] few = isTraining && random.Next(2) == 0 ? [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => _words.FromOrAny(Vocabulary.Actions, random))] : [];
        bool isLong = _words.Surprises(random), isDeed = _words.Surprises(random), isFree = _words.Surprises(random); // free: any words for a decision and for what is none
        while (decisions.Count < decided)
        {
            if (isDeed)
            {
                string deed = Fact.Pick(Deeds, random);
                if (used.Add(deed)) decisions.Add(new(Fill(deed, random), null, null));
                continue;
            }

            string topic = isTraining && decisions.Count > 0 && random.Next(6) == 0 ? _words.Rival(decisions[random.Next(decisions.Count)].Topic!, random) : _words.FromOrAny(Vocabulary.Topics, random);
            string action = few.Length > 0 ? Fact.Pick(few, random) : _words.FromOrAny(Vocabulary.Actions, random);
            if (used.Add(topic)) decisions.Add(new($"{action} {(isLong ? Fill(Fact.Pick(Objects, random) + Fact.Pick(Tails, random), random, topic) : $"the {topic}")}", action, topic));
        }

        List<Fact> facts = isTraining && random.Next(2) == 0 ? Fact.DrawMany(random.Next(1, Math.Clamp(tokens / 100, 2, 9)), _words, random) : [];
        List<Remark.Said> remarks = isTraining && random.Next(2) == 0 ? Remark.DrawMany(Remark.OfTexts, random.Next(1, 5), [], null, _words, random) : [];
        List<Fact> unknown = facts.Count > 0 ? Fact.DrawUnknown(1, facts, _words, random) : [];
        List<string> statements =
            [.. decisions.Select(decision => Fill(Fact.Pick(isFree ? TrainingStatements : Statements, random), random, decision.Deed))];
        foreach (string other in facts.Select(fact => fact.Statement(random)).Concat(remarks.Select(remark => remark.Statement))) statements.Insert(random.Next(statements.Count + 1), other);
        DocumentWriter writer = new(count);
        writer.Add(Fact.Pick(DocumentWriter.Openings, random), PartKind.Question);
        writer.Add(Heading(_words, random), PartKind.Filler);
        IFiller filler = random.Next(3) == 0 ? fillers.Draw(random) : new Discussion(this, decisions, isFree);
        Scatter.Write(writer, random, tokens - 30 - (decided * 10) - ((facts.Count + remarks.Count) * 25), filler, statements);
        writer.TrimEnd().Add("\n\n", PartKind.Question);
        string list = List([.. decisions.Select(decision => decision.Deed)]);
        List<(string Question, string Answer)> asked =
            [(Fact.Pick(isTraining ? TrainingQuestions : Questions, random), list), .. remarks.Select(remark => remark.Ask(random)), .. facts.Select(fact => (fact.Question(random), fact.Answer)), .. unknown.Select(fact => (fact.Question(random), Fact.Unknown[0]))];
        foreach ((string question, string answer) in Drawn.Shuffled(asked, random)) writer.Ask(question).Answer(answer);
        return writer.ToDocument();
    }

    /// <summary>A pattern with its words, # being what is decided.</summary>
    private string Fill(string pattern, Random random, string deed = "") => Remark.Fill(pattern, _words, random).Replace("#", deed, StringComparison.Ordinal);

    /// <summary>The answer to what was decided. In small letters as in the minutes: the same tokens, so that a list is a copy.</summary>
    public static string List(string[] deeds) => deeds.Length == 0 ? None : string.Join('\n', deeds.Select((deed, i) => $"{i + 1}. {deed}."));

    /// <summary>How minutes begin.</summary>
    public static string Heading(WordList words, Random random)
    {
        string people = string.Join(", ", Enumerable.Range(0, random.Next(2, 6)).Select(_ => words.From(Vocabulary.FirstNames, random)));
        return $"Minutes of the meeting of {random.Next(1, 29)} {(random.Next(2) == 0 ? "May" : "October")}. Present: {people}.\n";
    }

    /// <summary>What is decided; a deed of one word for a topic also as these.</summary>
    private sealed record Decision(string Deed, string? Action, string? Topic);

    /// <summary>What is said in meetings without deciding anything; in training of what is decided too.</summary>
    private sealed class Discussion(DecisionsGenerator generator, List<Decision> decisions, bool isFree) : IFiller
    {
        private static readonly string[] Patterns =
        [
            "{P} reported on the {t}.", "{P} asked whether to {v} the {t}; this was left open.", "The {t} was discussed; {P} will find out more.", "{P} proposed to {v} the {t}, but nothing was decided.",
            "About the {t} there were several opinions.", "{P} thanked {P} for the work on the {t}.", "The {t} will be on the agenda again.", "{P} does not want to {v} the {t} yet.", "A figure for the {t} was asked for: {d}.",
        ];

        public string Next(Random random)
        {
            Grammar grammar = generator._grammar;
            WordList words = generator._words;
            if (random.Next(3) == 0) return (random.Next(2) == 0 ? grammar.Sentence(random) : grammar.Dialogue(random)) + Joint(random);
            if (isFree && random.Next(2) == 0) return generator.Fill(Fact.Pick(Undecided, random), random, generator.Fill(Fact.Pick(Deeds, random), random)) + Joint(random);
            string text = Fact.Pick(Patterns, random);
            while (text.Contains("{P}", StringComparison.Ordinal))
                text = text[..text.IndexOf("{P}", StringComparison.Ordinal)] + words.From(Vocabulary.FirstNames, random) + text[(text.IndexOf("{P}", StringComparison.Ordinal) + 3)..];
            return text.Replace("{t}", DrawDecided(random)?.Topic ?? words.From(Vocabulary.Topics, random), StringComparison.Ordinal)
                .Replace("{v}", DrawDecided(random)?.Action ?? words.From(Vocabulary.Actions, random), StringComparison.Ordinal)
                .Replace("{d}", $"{random.Next(2, 5000)}", StringComparison.Ordinal) + Joint(random);
        }

        private Decision? DrawDecided(Random random) =>
            decisions.Count > 0 && generator._words.Surprises(random) ? decisions[random.Next(decisions.Count)] : null;

        public string Joint(Random random) => random.Next(4) == 0 ? "\n" : " ";
    }
}
