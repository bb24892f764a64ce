using System.CommandLine;
using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Evaluation.Reports;
using RwkvX.AI.Evaluation.Scoring;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>What a verb of <c>rwkvx eval</c> leaves: lines for people, and a file that is there from the first figure on.</summary>
/// <param name="host">The world.</param>
/// <param name="verb">The verb.</param>
/// <param name="files">The model.</param>
/// <param name="engine">What calculates.</param>
/// <param name="path">The file; null for none.</param>
internal sealed class EvalOutput(CliHost host, string verb, ModelFiles files, IRwkvXModel engine, string? path)
{
    private const int MostWrong = 40;

    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>The flag <c>--out</c>.</summary>
    public static Option<string?> Option() =>
        new("--out") { Description = "The figures, for 'rwkvx eval report'; kept up to date while measuring.", HelpName = "FILE.json" };

    /// <summary>Wall time so far.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

    /// <summary>Writes the file with what there is; the form of the figures comes from the caller.</summary>
    public void Write(Func<EvaluationFile, EvaluationFile> add)
    {
        EngineInfo ran = engine.Engine;
        string states = ran.StatePrecision == Precision.F32 ? "" : $", states {ran.StatePrecision}";
        EvaluationFile file = add(new EvaluationFile { Verb = verb, Model = files.Name, Engine = $"{ran.Name} on {ran.Description}, {ran.Precision}{states}", Seconds = Seconds });
        if (path is not null) file.Write(path);
    }

    /// <summary>Writes counted answers.</summary>
    public void Write(IReadOnlyList<TaskCell> cells, IEnumerable<TaskSample> samples, bool isComplete) =>
        Write(file => file with { Cells = cells, Wrong = [.. samples.Where(sample => !sample.IsRight).Take(MostWrong)], IsComplete = isComplete });

    /// <summary>A line of each cell for people, and one of all, after the first wrong answers.</summary>
    public void Print(IReadOnlyList<TaskCell> cells, IEnumerable<TaskSample> samples)
    {
        foreach (TaskSample wrong in samples.Where(sample => !sample.IsRight).Take(5))
            host.Out.WriteLine($"wrong: expected '{OneLine(wrong.Expected)}', found '{OneLine(wrong.Found)}'");
        foreach (TaskCell cell in cells.Count > 1 ? [.. cells, TaskCell.Sum(cells)] : cells)
            host.Out.WriteLine(FormattableString.Invariant($"{cell.Task} {cell.Tokens} tokens: {cell.Right} of {cell.Count}, 95% interval {cell.Low:p1} to {cell.High:p1}, {Seconds:f1} s"));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings("\\n");
}
