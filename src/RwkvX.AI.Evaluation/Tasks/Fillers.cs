using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>The kinds of filler, one or a few drawn for each document: real prose, the same shuffled, invented prose, notes, dialogue, word salad, repeated sentences, facts that nobody asks about.</summary>
/// <param name="split">Which words it uses.</param>
/// <param name="prose">A paragraph of real text; null for none.</param>
internal sealed class Fillers(WordSplit split, Func<Random, string>? prose)
{
    /// <summary>Invented sentences, notes and lines of dialogue.</summary>
    public Grammar Grammar { get; } = new(split);

    /// <summary>The words of the documents.</summary>
    public WordList Words { get; } = new(split, prose);

    /// <summary>The same five sentences, over and over.</summary>
    public static IFiller Repeated { get; } = new Filler(_ => "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.", _ => " ");

    /// <summary>The filler of one document: of one kind, or of several in turn.</summary>
    public IFiller Draw(Random random) => random.Next(5) == 0 ? new Turns([DrawKind(random), DrawKind(random), DrawKind(random)]) : DrawKind(random);

    /// <summary>Sentences of which few are alike: real prose, or words of it in any order; without prose invented ones and words in any order.</summary>
    public IFiller DrawText(Random random) => new Filler(
        random.Next(3) > 0 ? prose ?? Grammar.Sentence : prose is null ? Salad : Scrambled, Joints(" ", 0.1));

    /// <summary>Real prose; null for none.</summary>
    public IFiller? Prose { get; } = prose is null ? null : new Filler(prose, Joints(" ", 0.1));

    /// <summary>A sentence of any words.</summary>
    public string Salad(Random random) => Sentence([.. Enumerable.Range(0, random.Next(5, 16)).Select(_ => Words.Any(random))]);

    private Filler DrawKind(Random random)
    {
        int kind = random.Next(prose is null ? 8 : 18);
        string joint = random.Next(3) switch { 0 => "\n", 1 => "\n\n", _ => " " };
        return kind switch
        {
            0 => new Filler(Grammar.Sentence, Joints(joint, 0.15)),
            1 => new Filler(Grammar.Note, Joints("\n", 0)),
            2 => new Filler(Grammar.Dialogue, Joints("\n", 0.2)),
            3 => new Filler(Salad, Joints(" ", 0.1)),
            4 => new Filler(r => r.Next(4) == 0 ? Grammar.Note(r) : Grammar.Sentence(r), Joints(" ", 0.3)),
            5 => new Filler(Others, Joints(joint, 0.1)),
            6 => new Filler(r => r.Next(3) == 0 ? Others(r) : Grammar.Sentence(r), Joints(joint, 0.1)),
            7 => Over(random),
            8 or 9 => new Filler(Shuffled, Joints(joint, 0.1)),
            10 => new Filler(r => r.Next(3) == 0 ? Others(r) : prose!(r), Joints(joint, 0.1)),
            _ => new Filler(prose!, Joints(random.Next(2) == 0 ? "\n\n" : "\n", 0)),
        };
    }

    /// <summary>A few sentences over and over.</summary>
    private Filler Over(Random random)
    {
        string text = string.Join(' ', Enumerable.Range(0, random.Next(1, 6)).Select(_ => Grammar.Sentence(random)));
        return new Filler(_ => text, Joints(" ", 0));
    }

    /// <summary>A fact that nobody asks about: its subject's name is nobody else's.</summary>
    private string Others(Random random)
    {
        Fact fact = Fact.Draw(Words, random);
        string name = Words.InventName(random);
        return (fact with { Subject = fact.Relation.Subject == 'P' ? name : name.ToLowerInvariant() }).Statement(random);
    }

    /// <summary>The words of a real paragraph in another order.</summary>
    private string Shuffled(Random random) => string.Join(' ', Drawn.Shuffled(prose!(random).Split(' ', StringSplitOptions.RemoveEmptyEntries), random));

    /// <summary>Some words of a real paragraph in another order, as one sentence.</summary>
    private string Scrambled(Random random)
    {
        IEnumerable<string> words = prose!(random).Split(' ').Where(word => word.Length > 0 && word.All(char.IsAsciiLetter)).DefaultIfEmpty(Words.Any(random));
        return Sentence(Drawn.Shuffled(words, random).Take(random.Next(5, 16)));
    }

    private static string Sentence(IEnumerable<string> words) => Fact.Capital(string.Join(' ', words)) + ".";

    private static Func<Random, string> Joints(string usual, double paragraphs) =>
        random => random.NextDouble() < paragraphs ? "\n\n" : usual;

    private sealed class Filler(Func<Random, string> text, Func<Random, string> joint) : IFiller
    {
        public string Next(Random random) => text(random) + joint(random);

        public string Joint(Random random) => joint(random);
    }

    /// <summary>Several kinds, each for a while.</summary>
    private sealed class Turns(IFiller[] kinds) : IFiller
    {
        private int _now;

        public string Next(Random random)
        {
            if (random.Next(12) == 0) _now = random.Next(kinds.Length);
            return kinds[_now].Next(random);
        }

        public string Joint(Random random) => kinds[_now].Joint(random);
    }
}
