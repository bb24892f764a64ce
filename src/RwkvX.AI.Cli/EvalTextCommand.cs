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
        Option<int?> length = ModelArguments.Positive("--tokens", "The end of the last octave, a power of two (65536); texts shorter than three quarters of it may have nothing to score.");
        Option<string?> plot = new("--plot") { Description = "The loss by position.", HelpName = "FILE.svg" };
        Verb command = new("perplexity", "Loss and perplexity of the same text with ever more before it: means over octaves of position and their 95% intervals.",
            "rwkvx eval perplexity --data heldout-novels.jsonl --tokens 65536 --plot loss.svg") { length, plot };
        AddAction(host, command, "perplexity", (files, tokenizer, likelihood, path, result, written, cancellationToken) =>
        {
            int longest = result.GetValue(length) ?? 65_536;
            if (longest < 128 || !System.Numerics.BitOperations.IsPow2(longest)) throw new CliException($"--tokens: expected a power of two from 128, found {longest}");
            PositionReading reading = new(likelihood, [.. TextFile.Read(path).Select(text => tokenizer.Encode(text))], longest);
            if (reading.TextCount == 0) throw new CliException($"{path}: expected a text of more than {longest / 2} tokens, found none");
            List<PositionLoss> octaves = [];
            foreach (PositionLoss octave in reading.Read(cancellationToken))
            {
                octaves.Add(octave);
                host.Out.WriteLine(FormattableString.Invariant($"positions {octave.From}-{octave.To - 1}: {octave.Mean:f4} ± {octave.HalfWidth:f4} nats, change {octave.Change ?? 0:f4} ± {octave.ChangeHalfWidth ?? 0:f4} ({octave.Count} tokens, {written.Seconds:f1} s)"));
                written.Write(file => file with { Positions = octaves, Loss = octave.Mean });
            }

            PositionLoss last = octaves[^1];
            double bits = last.Mean * last.Count / Math.Log(2) / reading.Scored.Sum(id => (long)tokenizer.VocabularyBytes(id).Length);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: of {reading.TextCount} texts, after {last.From} and more tokens: loss {last.Mean:f4}, perplexity {Math.Exp(last.Mean):f3}, {bits:f4} bits a byte"));
            written.Write(file => file with { Positions = octaves, Loss = last.Mean, BitsPerByte = bits, IsComplete = true });
            if (result.GetValue(plot) is { } picture) LossPlot.Write(picture, [(files.Name, octaves)]);
        });
        return command;
    }

    /// <summary><c>rwkvx eval cloze</c></summary>
    public static Command CreateCloze(CliHost host)
    {
        Option<int?> questions = ModelArguments.Positive("--questions", "The file holds texts, not questions: ask for the last word of so many of their sentences.");
        Verb command = new("cloze", "The last words of passages: accuracy and perplexity.",
            """
            rwkvx eval cloze --model my-model --data lambada.jsonl
            rwkvx eval cloze --model my-model --data heldout-novels.jsonl --questions 1000
            """) { questions };
        AddAction(host, command, "cloze", (_, _, likelihood, path, result, written, cancellationToken) =>
        {
            QuestionFile file = new(likelihood);
            ClozeScore score = result.GetValue(questions) is { } count ? file.Cloze(ClozeQuestions.Of(TextFile.Read(path), count), cancellationToken) : file.Cloze(path, cancellationToken);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: acc {score.Accuracy:f4}, perplexity {score.Perplexity:f3}, {score.Count} questions"));
            written.Write(all => all with { Cloze = score, Cells = [new TaskCell("cloze", 0, null, (int)Math.Round(score.Accuracy * score.Count), score.Count)], IsComplete = true });
        });
        return command;
    }

    /// <summary><c>rwkvx eval choice</c></summary>
    public static Command CreateChoice(CliHost host)
    {
        Verb command = new("choice", "Multiple choice: acc and acc_norm as lm-evaluation-harness computes them.", "rwkvx eval choice --model my-model --data hellaswag.jsonl");
        AddAction(host, command, "choice", (_, _, likelihood, path, _, written, cancellationToken) =>
        {
            ChoiceScore score = new QuestionFile(likelihood).Choice(path, cancellationToken);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: acc {score.Accuracy:f4}, acc_norm {score.NormalisedAccuracy:f4}, {score.Count} questions"));
            written.Write(file => file with { Choice = score, IsComplete = true });
        });
        return command;
    }

    private static void AddAction(
        CliHost host, Verb command, string verb, Action<ModelFiles, WorldTokenizer, LogLikelihood, string, ParseResult, EvalOutput, CancellationToken> action)
    {
        ModelArguments model = new();
        EngineArguments engines = new();
        Option<string> data = new("--data") { Description = "The file.", HelpName = "FILE.jsonl", Required = true };
        Option<string?> output = EvalOutput.Option();
        command.Add(data);
        command.Add(output);
        model.AddTo(command);
        engines.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            string path = result.GetRequiredValue(data);
            if (!File.Exists(path)) throw new CliException($"{path}: expected a file, found none");
            using ModelFiles files = model.Open(result);
            WorldTokenizer tokenizer = ModelArguments.OpenTokenizer(files);
            using IRwkvXModel engine = host.LoadEngine(files, engines.Request(result));
            EvalOutput written = new(host, verb, files, engine, result.GetValue(output));
            action(files, tokenizer, new LogLikelihood(engine, tokenizer), path, result, written, cancellationToken);
            return Task.CompletedTask;
        });
    }
}
