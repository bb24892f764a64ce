namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>The passkey task in its published form.</summary>
internal sealed class PasskeyGenerator : TaskGenerator
{
    private const string Task =
        "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
        + "I will quiz you about the important information there.";

    private const string Filler = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. ";
    private const int MaxKey = 50_000;

    public override string Name => "passkey";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count) =>
        Write(random.Next(1, MaxKey + 1), random.NextDouble(), tokens, count);

    /// <summary>A prompt with the key at a depth of the filler.</summary>
    /// <param name="key">1 to 50,000.</param>
    /// <param name="depth">0 to 1.</param>
    /// <param name="tokens">Length, at most but for the frame.</param>
    /// <param name="count">Tokens of a text.</param>
    public static TaskDocument Write(int key, double depth, int tokens, Func<string, int> count)
    {
        string frame = Task + "What is the pass key? The pass key is\n\n\n\n" + Statement(key);
        int repeats = Math.Max(1, (tokens - count(frame) - 8) / Math.Max(1, (count(string.Concat(Enumerable.Repeat(Filler, 8))) + 7) / 8));
        int length = repeats * Filler.Length, before = (int)(length * depth);
        DocumentWriter writer = new(count);
        writer.Add(Task + "\n", PartKind.Question).Add(Text(before) + "\n", PartKind.Filler);
        writer.Add(Statement(key) + "\n", PartKind.Fact).Add(Text(length - before) + "\n", PartKind.Filler);
        writer.Add("What is the pass key? The pass key is", PartKind.Question);
        return writer.Add($" {key}.", PartKind.Answer).ToDocument();
    }

    private static string Statement(int key) => $"The pass key is {key}. Remember it. {key} is the pass key.";

    private static string Text(int characters) => string.Concat(Enumerable.Repeat(Filler, (characters / Filler.Length) + 1))[..characters];
}
