using System.CommandLine;
using RwkvX.AI.Evaluation.Reports;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx bench plot</c>: a picture of figures.</summary>
internal static class BenchPlotCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> files = new("FILE") { Description = "Files of rwkvx bench --json; a line each.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--out") { Description = "The picture.", HelpName = "FILE.svg", Required = true };
        Verb command = new("plot", "Draw figures as an SVG picture: a step by context with its floor, reading by length of the prompt, batches by size.",
            "rwkvx bench plot bench-2.9B.json bench-3.6B.json --out docs/performance.svg") { files, output };
        command.SetAction(result =>
        {
            string path = result.GetRequiredValue(output);
            string[] read = result.GetRequiredValue(files);
            if (read.FirstOrDefault(file => !File.Exists(file)) is { } missing) throw new CliException($"{missing}: expected a file of rwkvx bench --json, found none");
            try
            {
                OutputFile.Write(path, () => CostPlot.Write(path, read));
                host.Out.WriteLine($"{path}: {string.Join(", ", read)}");
            }
            catch (InvalidDataException e)
            {
                throw new CliException(e.Message, e);
            }
        });
        return command;
    }
}
