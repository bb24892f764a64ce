using System.Text.Json;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Scores files of questions, one JSON object a line. docs/evaluation.md has the formats.</summary>
/// <param name="likelihood">The model.</param>
public sealed class QuestionFile(LogLikelihood likelihood)
{
    /// <summary>Multiple choice: <c>{"context", "choices": […], "answer": index}</c>, or <c>{"contexts": […], "continuation", "answer"}</c> where the choice is in the context (Winogrande).</summary>
    /// <exception cref="InvalidDataException">A line is something else.</exception>
    public ChoiceScore Choice(string path, CancellationToken cancellationToken = default)
    {
        int count = 0, right = 0, normalised = 0;
        foreach ((int line, JsonElement item) in Read(path))
        {
            bool inContext = item.TryGetProperty("contexts", out JsonElement contexts);
            string[] choices = Texts(path, line, inContext ? contexts : Get(path, line, item, "choices"));
            string shared = Text(path, line, item, inContext ? "continuation" : "context");
            int answer = Get(path, line, item, "answer").TryGetInt32(out int index) ? index : -1;
            if (answer < 0 || answer >= choices.Length) throw Wrong(path, line, $"answer: expected 0 to {choices.Length - 1}");
            double[] scores = [.. choices.Select(choice =>
                inContext ? likelihood.Score(choice, shared, cancellationToken).LogProbability : likelihood.Score(shared, Spaced(choice), cancellationToken).LogProbability)];
            double[] byLength = [.. scores.Zip(choices, (score, choice) => score / (inContext ? 1 : Math.Max(1, choice.EnumerateRunes().Count())))];
            count++;
            if (Best(scores) == answer) right++;
            if (Best(byLength) == answer) normalised++;
        }

        return new ChoiceScore(count, (double)right / count, (double)normalised / count);
    }

    /// <summary>Cloze: <c>{"context", "target"}</c>, the target without the space before it.</summary>
    /// <exception cref="InvalidDataException">A line is something else.</exception>
    public ClozeScore Cloze(string path, CancellationToken cancellationToken = default) =>
        Cloze(Read(path).Select(question => (Text(path, question.Line, question.Item, "context"), Text(path, question.Line, question.Item, "target"))), cancellationToken);

    /// <summary>Cloze questions from elsewhere.</summary>
    /// <param name="questions">Passages, and the word that follows each, without the space before it.</param>
    /// <param name="cancellationToken">Acts between passes.</param>
    /// <exception cref="InvalidDataException">There is no question.</exception>
    public ClozeScore Cloze(IEnumerable<(string Context, string Target)> questions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(questions);
        int count = 0, right = 0;
        double sum = 0, squares = 0;
        foreach ((string context, string target) in questions)
        {
            (double logProbability, bool greedy) = likelihood.Score(context, Spaced(target), cancellationToken);
            count++;
            sum -= logProbability;
            squares += logProbability * logProbability;
            if (greedy) right++;
        }

        if (count == 0) throw new InvalidDataException("expected at least one question, found none");
        double mean = sum / count, variance = Math.Max(0, (squares / count) - (mean * mean)) * count / Math.Max(1, count - 1);
        return new ClozeScore(count, (double)right / count, Math.Exp(mean)) { Loss = mean, LossHalfWidth = 1.96 * Math.Sqrt(variance / count) };
    }

    private static string Spaced(string text) => text.StartsWith(' ') ? text : " " + text;

    private static int Best(double[] scores) => Array.IndexOf(scores, scores.Max());

    private static IEnumerable<(int Line, JsonElement Item)> Read(string path)
    {
        int number = 0, found = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            found++;
            yield return (number, Parse(path, number, line));
        }

        if (found == 0) throw new InvalidDataException($"{path}: expected at least one question, found none");
    }

    private static JsonElement Parse(string path, int line, string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw Wrong(path, line, "expected an object");
        }
        catch (JsonException e)
        {
            throw Wrong(path, line, $"expected a JSON object: {e.Message}");
        }
    }

    private static JsonElement Get(string path, int line, JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) ? value : throw Wrong(path, line, $"expected the field '{name}', found none");

    private static string Text(string path, int line, JsonElement item, string name) =>
        Get(path, line, item, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Wrong(path, line, $"{name}: expected a string");

    private static string[] Texts(string path, int line, JsonElement value)
    {
        bool isTexts = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 1 && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);
        return isTexts ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : throw Wrong(path, line, "expected an array of at least two strings");
    }

    private static InvalidDataException Wrong(string path, int line, string message) => new($"{path}: line {line}: {message}");
}
