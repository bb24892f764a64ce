using System.CommandLine;
using RwkvX.AI.Evaluation.Reports;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx eval report</c>: a page that compares models.</summary>
internal static class EvalReportCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> folders = new("FOLDER") { Description = "Folders of eng/evaluate-model.sh, one a model, the one to be judged first.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--out") { Description = "The page; its pictures go into a folder of its name beside it.", HelpName = "FILE.md", Required = true };
        Verb command = new("report", "Write a page of tables and pictures that compares models.",
            "rwkvx eval report runs/rwkvx runs/plain-rwkv7 runs/full-attention --out docs/results.md") { folders, output };
        command.SetAction(result =>
        {
            string path = result.GetRequiredValue(output);
            try
            {
                ModelResults[] models = [.. result.GetRequiredValue(folders).Select(ModelResults.Read)];
                ResultsPage.Write(models, path);
                host.Out.WriteLine($"{path}: {string.Join(", ", models.Select(model => model.Name))}");
            }
            catch (InvalidDataException e)
            {
                throw new CliException(e.Message, e);
            }
        });
        return command;
    }
}
