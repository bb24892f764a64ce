using System.CommandLine;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Evaluation.Scoring;
using RwkvX.AI.Models;
using RwkvX.AI.Training.Data;

namespace RwkvX.AI.Cli;

/// <summary>The verbs of <c>rwkvx eval</c> that ask questions about generated documents.</summary>
internal static class EvalTaskCommand
{
    /// <param name="host">The world.</param>
    /// <param name="name">The verb.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="tasks">What <c>--task</c> takes; the first is the default.</param>
    public static Command Create(CliHost host, string name, string description, string[] tasks)
    {
        ModelArguments model = new();
        EngineArguments engines = new();
        Option<string> task = new("--task") { Description = "The kind of document.", HelpName = string.Join('|', tasks), DefaultValueFactory = _ => tasks[0] };
        task.AcceptOnlyFromAmong(tasks);
        Option<int?> tokens = ModelArguments.Positive("--tokens", "Length of a document."), documents = ModelArguments.Positive("--documents", "How many (10).");
        Option<int> seed = new("--seed") { Description = "Decides the documents.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string?> prose = new("--prose") { Description = "Text (.jsonl or plain) whose paragraphs are used as filler beside invented ones.", HelpName = "FILE" };
        Option<string?> output = EvalOutput.Option();
        tokens.Required = true;
        Verb command = new(name, description, $"rwkvx eval {name} --model my-model {(tasks.Length > 1 ? $"--task {tasks[0]} " : "")}--tokens 16000 --documents 20 --seed 1") { tokens, documents, seed, prose, output };
        if (tasks.Length > 1) command.Add(task);
        model.AddTo(command);
        engines.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            string kind = tasks.Length > 1 ? result.GetRequiredValue(task) : tasks[0];
            int count = result.GetValue(documents) ?? 10, length = result.GetValue(tokens)!.Value;
            using ModelFiles files = model.Open(result);
            using IRwkvXModel engine = host.LoadEngine(files, engines.Request(result));
            EvalOutput written = new(host, name, files, engine, result.GetValue(output));
            List<TaskSample> samples = [];
            ProgressBar.Run(host, "asking", count, report =>
            {
                void Note(TaskSample sample)
                {
                    samples.Add(sample);
                    report(samples.Count);
                    written.Write(TaskCell.Of(samples, length), samples, isComplete: false);
                }

                return new TaskEvaluation(engine, ModelArguments.OpenTokenizer(files)) { Prose = Prose(result.GetValue(prose)), Sampled = Note }
                    .Run(kind, length, count, result.GetValue(seed), cancellationToken);
            });
            IReadOnlyList<TaskCell> cells = TaskCell.Of(samples, length);
            written.Write(cells, samples, isComplete: true);
            written.Print(cells, samples);
            return Task.CompletedTask;
        });
        return command;
    }

    /// <summary>Paragraphs of a text file, drawn at random.</summary>
    public static Func<Random, string>? Prose(string? path)
    {
        if (path is null) return null;
        string[] paragraphs = [.. TextFile.Read(path).SelectMany(text => text.Split('\n')).Select(line => line.Trim()).Where(line => line.Length is > 80 and < 2000)];
        if (paragraphs.Length == 0) throw new CliException($"{path}: expected paragraphs of 80 to 2000 characters, found none");
        return random => paragraphs[random.Next(paragraphs.Length)];
    }
}
