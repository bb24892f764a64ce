using System.Globalization;
using System.Text;
using RwkvX.AI.Evaluation.Scoring;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>Writes a page of tables and pictures that compares models.</summary>
public sealed class ResultsPage
{
    private static readonly string[] Tasks =
        ["needle-1", "needle-2", "needle-3", "multi-key", "multi-value", "needle-1-mid", "needle-2-mid", "needle-3-mid", "multi-key-mid", "multi-value-mid", "later", "facts-near", "facts", "facts-far", "four-near", "four", "unknown", "everyday", "everyday-chat", "decisions"];

    private readonly IReadOnlyList<ModelResults> _models;
    private readonly StringBuilder _text = new();
    private readonly string _path;
    private readonly string _pictures;

    private ResultsPage(IReadOnlyList<ModelResults> models, string path)
    {
        (_models, _path) = (models, path);
        _pictures = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>Writes the page, and its pictures into a folder of its name beside it.</summary>
    /// <param name="models">The embedded model first.</param>
    /// <param name="path">The page, a Markdown file.</param>
    public static void Write(IReadOnlyList<ModelResults> models, string path)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (models.Count == 0) throw new ArgumentException("expected at least one model, found none", nameof(models));
        ResultsPage page = new(models, path);
        Directory.CreateDirectory(page._pictures);
        page.Write();
    }

    private void Write()
    {
        Line("# Results\n");
        Line($"{string.Join(", ", _models.Select(model => $"**{model.Name}**"))}: trained from the same data with the same budget of tokens, asked the same questions of the test split.");
        Line("Counts are right/asked with Wilson's 95% interval; how each task looks: [evaluation.md](evaluation.md). Measured on "
            + $"{string.Join("; ", _models.SelectMany(model => model.Engines).Distinct())}.");
        foreach (ModelResults model in _models.Where(model => model.Incomplete.Any())) Line($"Cut short by time in {model.Name}: {string.Join(", ", model.Incomplete)}.");
        Line("\n## The bars of the embedded model\n");
        Table(["what", "bar", .. _models.Select(model => model.Name), "verdict"], new ResultBars(_models).Rows());
        Passkeys();
        TaskTable();
        Positions();
        ShortContext();
        Costs();
        Training();
        File.WriteAllText(_path, _text.ToString().TrimEnd() + "\n");
    }

    private void Passkeys()
    {
        ModelResults[] asked = [.. _models.Where(model => model.Passkeys.Count > 0)];
        if (asked.Length == 0) return;
        Line("\n## Passkey\n");
        int[] lengths = [.. asked.SelectMany(model => model.Passkeys).Select(cell => cell.Tokens).Distinct().Order()];
        Table(["tokens", .. asked.Select(model => model.Name)], lengths.Select(length =>
            (string[])[ResultBars.Tokens(length), .. asked.Select(model => ResultBars.Text(model.Passkey(tokens => tokens == length)))]));
        Line("");
        foreach (ModelResults model in asked)
            Picture($"passkey-{model.Name}.svg", $"passkeys of {model.Name} by length and depth", path => HeatMap.Write(path, model.Name, model.Passkeys));
    }

    private void TaskTable()
    {
        string[] asked = [.. Tasks.Where(task => _models.Any(model => model.Total(task) is not null))];
        if (asked.Length == 0) return;
        Line("\n## Needles, facts, decisions\n");
        Table(["task", "tokens", .. _models.Select(model => model.Name)], asked.SelectMany(task =>
            _models.SelectMany(model => model.Cells(task)).DistinctBy(cell => cell.Task).OrderBy(kind => kind.Task, StringComparer.Ordinal).Select(kind =>
                (string[])[kind.Task, ResultBars.Tokens(kind.Tokens), .. _models.Select(model => ResultBars.Text(model.Cells(task).FirstOrDefault(cell => cell.Task == kind.Task)))])));
    }

    private void Positions()
    {
        (string Name, IReadOnlyList<PositionLoss> Octaves)[] read = [.. _models.Where(model => model["novels"]?.Positions is not null).Select(model => (model.Name, model["novels"]!.Positions!))];
        if (read.Length == 0) return;
        Line("\n## Loss by position, held-out novels\n");
        Line("Nats a token, with 95% intervals from blocks of 64 tokens. All octaves score the same text: reading begins ever further before it. In brackets the change from the octave before.\n");
        IReadOnlyList<PositionLoss> longest = read.MaxBy(model => model.Octaves.Count).Octaves;
        Table(["positions", .. read.Select(model => model.Name)], longest.Select((octave, i) => (string[])
        [
            $"{octave.From:N0} to {octave.To:N0}",
            .. read.Select(model => i < model.Octaves.Count ? Text(model.Octaves[i]) : ""),
        ]));
        Line("");
        Picture("loss-by-position.svg", "loss by position", path => LossPlot.Write(path, read));
    }

    private static string Text(PositionLoss octave)
    {
        string change = ResultBars.Change(octave) is { } told ? $" ({told})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{octave.Mean:0.0000} ± {octave.HalfWidth:0.0000}{change}");
    }

    private void ShortContext()
    {
        ModelResults[] asked = [.. _models.Where(model => model["cloze"]?.Cloze is not null)];
        if (asked.Length == 0) return;
        Line("\n## Short texts\n");
        Table(["", .. asked.Select(model => model.Name)],
        [
            [$"last word of a passage of held-out novels, accuracy ({asked[0]["cloze"]!.Cloze!.Count} passages)", .. asked.Select(model => ResultBars.Text(model.Total("cloze")))],
            ["its loss, nats a word", .. asked.Select(model => string.Create(CultureInfo.InvariantCulture, $"{model["cloze"]!.Cloze!.Loss:0.000} ± {model["cloze"]!.Cloze!.LossHalfWidth:0.000}"))],
            ["loss below 1,024 tokens, held-out novels and speeches, nats a token", .. asked.Select(model => model.ShortLoss is { } loss ? loss.ToString("0.0000", CultureInfo.InvariantCulture) : "not measured")],
            ["held-out speeches, bits a byte", .. asked.Select(model => model["speeches"]?.BitsPerByte is { } bits ? bits.ToString("0.0000", CultureInfo.InvariantCulture) : "not measured")],
        ]);
    }

    private void Costs()
    {
        ModelResults[] measured = [.. _models.Where(model => model.Cost is not null)];
        if (measured.Length == 0) return;
        Line($"\n## Cost\n\n{measured[0].Cost!.Device}; one sequence, 16 bit.\n");
        int[] lengths = [.. measured.SelectMany(model => model.Cost!.Prefill).Select(reading => reading.Tokens).Distinct().Order()];
        int[] contexts = [.. measured.SelectMany(model => model.Cost!.Decode).Where(step => step.Batch == 1).Select(step => step.Context).Distinct().Order()];
        string Read(ModelResults model, int tokens) => model.Cost!.Prefill.FirstOrDefault(reading => reading.Tokens == tokens) is { } reading ? $"{reading.TokensPerSecond.ToString("N0", CultureInfo.InvariantCulture)} tokens/s" : "";
        string Write(ModelResults model, int tokens) => model.Cost!.Decode.FirstOrDefault(step => step.Batch == 1 && step.Context == tokens) is { } step ? $"{(1e3 * step.StepSeconds).ToString("0.000", CultureInfo.InvariantCulture)} ms" : "";
        Table(["", .. measured.Select(model => model.Name)],
        [
            .. lengths.Select(length => (string[])[$"reading {ResultBars.Tokens(length)}", .. measured.Select(model => Read(model, length))]),
            .. contexts.Select(context => (string[])[$"a step after {ResultBars.Tokens(context)}", .. measured.Select(model => Write(model, context))]),
        ]);
    }

    private void Training()
    {
        (string Name, string Steps)[] trained = [.. _models.Where(model => model.Steps is not null).Select(model => (model.Name, model.Steps!))];
        if (trained.Length == 0) return;
        Line("\n## Training\n");
        Table(["", .. trained.Select(model => model.Name)],
        [
            ["steps, million tokens", .. trained.Select(model => TrainingCurve.Read(model.Steps)).Select(curve => string.Create(CultureInfo.InvariantCulture, $"{curve.Steps}, {curve.Tokens[^1]:0.0}"))],
            ["median tokens/s", .. trained.Select(model => TrainingCurve.Read(model.Steps).MedianSpeed.ToString("N0", CultureInfo.InvariantCulture))],
        ]);
        Line("");
        Picture("training-loss.svg", "training loss", path => LossPlot.WriteTraining(path, trained));
    }

    private void Table(IReadOnlyList<string> head, IEnumerable<string[]> rows)
    {
        Line($"| {string.Join(" | ", head)} |");
        Line($"|{string.Concat(head.Select(_ => "---|"))}");
        foreach (string[] row in rows) Line($"| {string.Join(" | ", row)} |");
    }

    private void Picture(string name, string what, Action<string> draw)
    {
        draw(Path.Combine(_pictures, name));
        Line($"![{what}]({Path.GetFileName(_pictures)}/{name})");
    }

    private void Line(string text) => _text.Append(text).Append('\n');
}
