using System.CommandLine;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Evaluation.Reports;
using RwkvX.AI.Evaluation.Scoring;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Data;

namespace RwkvX.AI.Cli;

/// <summary>The verbs of <c>rwkvx eval</c> that score given texts.</summary>
internal static class EvalTextCommand
{
    /// <summary><c>rwkvx eval perplexity</c></summary>
    public static Command CreatePerplexity(CliHost host)
    {
        Option<int?> length = ModelArguments.Positive("--tokens", "Documents are cut to this (65536).");
        Option<string?> plot = new("--plot") { Description = "The loss by position.", HelpName = "FILE.svg" };
        Verb command = new("perplexity", "Loss and perplexity of documents, with means over octaves of position and their 95% intervals.",
            "rwkvx eval perplexity --data heldout-novels.jsonl --tokens 65536 --plot loss.svg") { length, plot };
        AddAction(host, command, (files, tokenizer, likelihood, path, result, cancellationToken) =>
        {
            int longest = result.GetValue(length) ?? 65_536;
            int[][] documents = [.. TextFile.Read(path).Select(text => (int[])[0, .. tokenizer.Encode(text).AsSpan()[..Math.Min(longest, tokenizer.Encode(text).Length)]]).Where(ids => ids.Length > 1)];
            if (documents.Length == 0) throw new CliException($"{path}: expected text, found none");
            double[][] losses = ProgressBar.Run(host, "reading", documents.Length, _ => documents.Select(ids => likelihood.Losses(ids, cancellationToken)).ToArray());
            IReadOnlyList<PositionLoss> octaves = PositionLoss.ByOctave(losses);
            foreach (PositionLoss octave in octaves)
                host.Out.WriteLine(FormattableString.Invariant($"positions {octave.From}-{octave.To - 1}: {octave.Mean:f4} ± {octave.HalfWidth:f4} nats ({octave.Count} tokens)"));
            double mean = losses.SelectMany(document => document).Average();
            long bytes = documents.Sum(ids => ids.Sum(id => (long)tokenizer.VocabularyBytes(id).Length));
            double bits = losses.Sum(document => document.Sum()) / Math.Log(2) / bytes;
            host.Out.WriteLine(FormattableString.Invariant($"{path}: loss {mean:f4}, perplexity {Math.Exp(mean):f3}, {bits:f4} bits a byte, {losses.Sum(document => (long)document.Length)} tokens"));
            if (result.GetValue(plot) is { } file) LossPlot.Write(file, [(files.Name, octaves)]);
        });
        return command;
    }

    /// <summary><c>rwkvx eval cloze</c></summary>
    public static Command CreateCloze(CliHost host)
    {
        Verb command = new("cloze", "The last words of passages: accuracy and perplexity.", "rwkvx eval cloze --model my-model --data lambada.jsonl");
        AddAction(host, command, (_, _, likelihood, path, _, cancellationToken) =>
        {
            ClozeScore score = new QuestionFile(likelihood).Cloze(path, cancellationToken);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: acc {score.Accuracy:f4}, perplexity {score.Perplexity:f3}, {score.Count} questions"));
        });
        return command;
    }

    /// <summary><c>rwkvx eval choice</c></summary>
    public static Command CreateChoice(CliHost host)
    {
        Verb command = new("choice", "Multiple choice: acc and acc_norm as lm-evaluation-harness computes them.", "rwkvx eval choice --model my-model --data hellaswag.jsonl");
        AddAction(host, command, (_, _, likelihood, path, _, cancellationToken) =>
        {
            ChoiceScore score = new QuestionFile(likelihood).Choice(path, cancellationToken);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: acc {score.Accuracy:f4}, acc_norm {score.NormalisedAccuracy:f4}, {score.Count} questions"));
        });
        return command;
    }

    private static void AddAction(
        CliHost host, Verb command, Action<ModelFiles, WorldTokenizer, LogLikelihood, string, ParseResult, CancellationToken> action)
    {
        ModelArguments model = new();
        Option<string> data = new("--data") { Description = "The file.", HelpName = "FILE.jsonl", Required = true };
        command.Add(data);
        model.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            string path = result.GetRequiredValue(data);
            if (!File.Exists(path)) throw new CliException($"{path}: expected a file, found none");
            using ModelFiles files = model.Open(result);
            WorldTokenizer tokenizer = ModelArguments.OpenTokenizer(files);
            using IRwkvXModel engine = host.LoadEngine(files, new EngineRequest { Engine = "cpu", Precision = Precision.F32 });
            action(files, tokenizer, new LogLikelihood(engine, tokenizer), path, result, cancellationToken);
            return Task.CompletedTask;
        });
    }
}
