using System.CommandLine;
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
        EngineArguments engines = new();
        Option<int[]> lengths = new("--lengths") { Description = "Lengths of the prompts in tokens.", HelpName = "N…", Required = true, AllowMultipleArgumentsPerToken = true };
        Option<int?> depths = ModelArguments.Positive("--depths", "Places of the number, from the start to the end (10)."), samples = ModelArguments.Positive("--samples", "Numbers at each place (1).");
        Option<int> seed = new("--seed") { Description = "Decides the numbers.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string?> output = EvalOutput.Option(), plot = new("--plot") { Description = "The heat map.", HelpName = "FILE.svg" };
        Verb command = new("passkey", "Passkeys in the published prompt, over lengths and depths.",
            "rwkvx eval passkey --lengths 1000 4000 16000 64000 --depths 10 --plot passkey.svg") { lengths, depths, samples, seed, output, plot };
        model.AddTo(command);
        engines.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            int[] all = result.GetRequiredValue(lengths);
            if (all.Length == 0 || all.Any(length => length < 100)) throw new CliException("--lengths: expected lengths of at least 100 tokens");
            using ModelFiles files = model.Open(result);
            using IRwkvXModel engine = host.LoadEngine(files, engines.Request(result));
            TaskEvaluation evaluation = new(engine, ModelArguments.OpenTokenizer(files));
            EvalOutput written = new(host, "passkey", files, engine, result.GetValue(output));
            List<TaskSample> found = [];
            List<TaskCell> cells = [];
            foreach (int length in all)
            {
                List<TaskSample> part = evaluation.Passkey([length], result.GetValue(depths) ?? 10, result.GetValue(samples) ?? 1, result.GetValue(seed), cancellationToken);
                found.AddRange(part);
                cells.AddRange(TaskCell.Of(part, length));
                written.Print([TaskCell.Sum([.. cells.Where(cell => cell.Tokens == length)])], part);
                written.Write(cells, found, isComplete: length == all[^1]);
                if (result.GetValue(plot) is { } path) HeatMap.Write(path, files.Name, cells);
            }

            return Task.CompletedTask;
        });
        return command;
    }
}
