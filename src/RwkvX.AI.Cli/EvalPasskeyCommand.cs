using System.CommandLine;
using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Evaluation.Reports;
using RwkvX.AI.Evaluation.Scoring;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx eval passkey</c>: a heat map of length by depth.</summary>
internal static class EvalPasskeyCommand
{
    public static Command Create(CliHost host)
    {
        ModelArguments model = new();
        Option<int[]> lengths = new("--lengths") { Description = "Lengths of the prompts in tokens.", HelpName = "N…", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<int?> depths = ModelArguments.Positive("--depths", "Places of the number, from the start to the end (10)."), samples = ModelArguments.Positive("--samples", "Numbers at each place (1).");
        Option<int> seed = new("--seed") { Description = "Decides the numbers.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string?> output = new("--out") { Description = "Every sample.", HelpName = "FILE.json" }, plot = new("--plot") { Description = "The heat map.", HelpName = "FILE.svg" };
        Verb command = new("passkey", "Passkeys in the published prompt, over lengths and depths.",
            "rwkvx eval passkey --lengths 1000 4000 16000 64000 --depths 10 --plot passkey.svg") { lengths, depths, samples, seed, output, plot };
        model.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            int[] all = result.GetRequiredValue(lengths);
            if (all.Length == 0 || all.Any(length => length < 100)) throw new CliException("--lengths: expected lengths of at least 100 tokens");
            using ModelFiles files = model.Open(result);
            using IRwkvXModel engine = host.LoadEngine(files, new EngineRequest { Engine = "cpu", Precision = Precision.F32 });
            TaskEvaluation evaluation = new(engine, ModelArguments.OpenTokenizer(files));
            List<TaskSample> found = [];
            foreach (int length in all)
            {
                List<TaskSample> part = evaluation.Passkey([length], result.GetValue(depths) ?? 10, result.GetValue(samples) ?? 1, result.GetValue(seed), cancellationToken);
                host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{length} tokens: {part.Count(sample => sample.IsRight)} of {part.Count}"));
                found.AddRange(part);
                if (result.GetValue(plot) is { } path) HeatMap.Write(path, files.Name, found, all);
            }

            EvalTaskCommand.Write(host, "passkey", found, result.GetValue(output));
            return Task.CompletedTask;
        });
        return command;
    }
}
