using System.Text.RegularExpressions;
using RwkvX.AI.Evaluation.Words;

namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>A text, and sentences of it that are asked for by their first words, or in training parts of sentences by the rest. Every word that a text may hold is then one to be copied, also where no list of values has it.</summary>
internal sealed partial class QuoteGenerator(Fillers fillers) : TaskGenerator
{
    private static readonly string[] Questions =
        ["Quote the sentence that begins with \"{0}\".", "Which sentence begins with \"{0}\"?", "Please repeat the sentence that starts with \"{0}\".", "\"{0} ...\" How does this sentence go on?"];

    public override string Name => "quote";

    public override TaskDocument Write(Random random, int tokens, Func<string, int> count)
    {
        bool asksParts = fillers.Words.IsTraining && fillers.Prose is not null && random.Next(2) == 0;
        int most = Drawn.Count(random, Math.Clamp(tokens / 120, 1, 24));
        DocumentWriter writer = new(count);
        writer.Add("Text:\n", PartKind.Question);
        Scatter.Write(writer, random, Math.Max(1, tokens - 10 - (most * 60)), asksParts ? fillers.Prose! : fillers.DrawText(random), []);
        List<(string Lead, string Sentence)> asked;
        while ((asked = [.. Sentences(writer.ToDocument().Text, random).Take(most)]).Count == 0)
            writer.Add($"{fillers.Salad(random)} ", PartKind.Filler); // a text too short, or the same over and over
        (string Question, string Answer)[] parts = asksParts ? [.. Parts(writer.ToDocument().Text, random).Take(most)] : [];
        writer.TrimEnd().Add("\n\n", PartKind.Question);
        foreach ((string question, string answer) in parts) writer.Ask(question).Answer(answer);
        if (parts.Length > 0) return writer.ToDocument();
        foreach ((string lead, string sentence) in asked) writer.Ask(string.Format(null, Fact.Pick(Questions, random), lead)).Answer(sentence);
        return writer.ToDocument();
    }

    /// <summary>Sentences in any order that nothing else in the text begins like, with as much of their beginning as tells them apart.</summary>
    private static IEnumerable<(string Lead, string Sentence)> Sentences(string text, Random random)
    {
        foreach (string sentence in InAnyOrder(text, random))
        {
            string lead = string.Join(' ', sentence.Split(' ').Take(random.Next(2, 5)));
            if (lead.Length < sentence.Length && text.IndexOf(lead, StringComparison.Ordinal) == text.LastIndexOf(lead, StringComparison.Ordinal)) yield return (lead, sentence);
        }
    }

    /// <summary>Parts of sentences, asked for by the rest.</summary>
    private static IEnumerable<(string Question, string Answer)> Parts(string text, Random random) =>
        InAnyOrder(text, random).Select(sentence => ProseQuestions.Of(sentence, random)).OfType<(string, string)>();

    private static string[] InAnyOrder(string text, Random random) => Drawn.Shuffled(Sentence().Matches(text).Select(match => match.Value), random);

    /// <summary>Within a line and behind another sentence, so that it begins with the same tokens as an answer does.</summary>
    [GeneratedRegex(@"(?<=[.!?] )[A-Z][^.!?""\n]{15,160}[.!?](?=\s)")]
    private static partial Regex Sentence();
}
