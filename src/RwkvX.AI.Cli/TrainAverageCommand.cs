using System.CommandLine;
using RwkvX.AI.Training.Models;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train average</c>: one model of several; the only verb here that needs no libtorch.</summary>
internal static class TrainAverageCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> models = new("MODEL") { Description = "Model directories that came from one beginning, two or more.", Arity = ArgumentArity.OneOrMore };
        Option<double[]> shares = new("--shares") { Description = "What each counts, together 1. Without it: all the same.", HelpName = "S…", AllowMultipleArgumentsPerToken = true };
        Option<string> output = new("--out") { Description = "The model directory to write; made where it does not exist.", HelpName = "DIR", Required = true };
        Verb command = new("average",
            "Average the weights of models that one run, or runs from one model, left behind; often better than each of them.",
            "rwkvx train average runs/one/model runs/two/model --shares 0.65 0.35 --out averaged") { models, shares, output };
        command.SetAction(result =>
        {
            string[] paths = result.GetRequiredValue(models);
            string directory = result.GetRequiredValue(output);
            double[] given = result.GetValue(shares) is { Length: > 0 } values ? values : [.. paths.Select(_ => 1.0 / paths.Length)];
            if (paths.Length < 2) throw new CliException($"MODEL: expected at least 2, found {paths.Length}");
            if (given.Length != paths.Length) throw new CliException($"--shares: expected {paths.Length}, one for each model, found {given.Length}");
            if (!(Math.Abs(given.Sum() - 1) <= 1e-6)) throw new CliException(FormattableString.Invariant($"--shares: expected 1 together, found {given.Sum()}"));
            if (File.Exists(directory)) throw new CliException($"{directory}: expected a directory to write, found a file");
            ProgressBar.Run(host, "averaging", 1, report =>
            {
                ModelAverage.Write(paths, given, directory, new InlineProgress<double>(report));
                return true;
            });
            host.Out.WriteLine($"{directory}: the mean of {paths.Length} models");
        });
        return command;
    }
}
