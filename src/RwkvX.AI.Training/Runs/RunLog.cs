using System.Globalization;

namespace RwkvX.AI.Training.Runs;

/// <summary>The figures of a run on disk: <c>steps.csv</c>, and a TensorBoard event file.</summary>
internal sealed class RunLog : IDisposable
{
    private readonly StreamWriter _csv;
    private readonly TensorBoardFile _events;

    /// <param name="directory">The run's own; an existing <c>steps.csv</c> is continued.</param>
    public RunLog(string directory)
    {
        string path = Path.Combine(directory, "steps.csv");
        bool isNew = !File.Exists(path);
        _csv = new StreamWriter(path, append: true) { NewLine = "\n", AutoFlush = true };
        if (isNew) _csv.WriteLine("step,stage,tokens,loss,learning_rate,gradient_norm,tokens_per_second,skipped");
        _events = new TensorBoardFile(directory);
    }

    /// <summary>Adds a step.</summary>
    public void Add(StepFigures figures)
    {
        _csv.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{figures.Progress.Step},{figures.StageName},{figures.Progress.Tokens},{figures.Loss:g7},{figures.LearningRate:g5},{figures.GradientNorm:g5},{figures.TokensPerSecond:f0},{(figures.Skipped is null ? 0 : 1)}"));
        _events.Add(figures.Progress.Step, "loss", figures.Loss);
        _events.Add(figures.Progress.Step, "learning_rate", figures.LearningRate);
        _events.Add(figures.Progress.Step, "gradient_norm", figures.GradientNorm);
        _events.Add(figures.Progress.Step, "tokens_per_second", figures.TokensPerSecond);
    }

    public void Dispose()
    {
        _csv.Dispose();
        _events.Dispose();
    }
}
