using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>The kinds of filler, one drawn for each document: real prose, invented prose, notes, minutes, word salad, repeated sentences.</summary>
/// <param name="split">Which words it uses.</param>
/// <param name="prose">A paragraph of real text; null for none.</param>
internal sealed class Fillers(WordSplit split, Func<Random, string>? prose)
{
    private readonly Grammar _grammar = new(split);
    private readonly WordList _words = new(split);

    /// <summary>The same five sentences, over and over.</summary>
    public static IFiller Repeated { get; } = new Filler(_ => "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.", _ => " ");

    /// <summary>A kind of filler for one document.</summary>
    public IFiller Draw(Random random)
    {
        int kind = random.Next(prose is null ? 5 : 12);
        string joint = random.Next(3) switch { 0 => "\n", 1 => "\n\n", _ => " " };
        return kind switch
        {
            0 => new Filler(_grammar.Sentence, Joints(joint, 0.15)),
            1 => new Filler(_grammar.Note, Joints("\n", 0)),
            2 => new Filler(_grammar.Dialogue, Joints("\n", 0.2)),
            3 => new Filler(Salad, Joints(" ", 0.1)),
            4 => new Filler(r => r.Next(4) == 0 ? _grammar.Note(r) : _grammar.Sentence(r), Joints(" ", 0.3)),
            _ => new Filler(prose!, Joints(random.Next(2) == 0 ? "\n\n" : "\n", 0)),
        };
    }

    private string Salad(Random random)
    {
        string[] words = [.. Enumerable.Range(0, random.Next(5, 16)).Select(_ => _words.Any(random))];
        return char.ToUpperInvariant(words[0][0]) + string.Join(' ', words)[1..] + ".";
    }

    private static Func<Random, string> Joints(string usual, double paragraphs) =>
        random => random.NextDouble() < paragraphs ? "\n\n" : usual;

    private sealed class Filler(Func<Random, string> text, Func<Random, string> joint) : IFiller
    {
        public string Next(Random random) => text(random) + joint(random);

        public string Joint(Random random) => joint(random);
    }
}
