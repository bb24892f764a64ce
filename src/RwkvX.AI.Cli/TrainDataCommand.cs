using System.CommandLine;
using System.Text.Json;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Plans;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train data</c>: what a plan trains on, to look at.</summary>
internal static class TrainDataCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> plan = new("PLAN") { Description = "The plan." };
        Option<int?> stage = ModelArguments.Positive("--stage", "Number of the stage (1)."), count = ModelArguments.Positive("--count", "Sequences (100).");
        Option<bool> forgetting = new("--forgetting") { Description = "The sequences of forget_data instead." };
        Option<string?> output = new("--out") { Description = "The sequences as text, with the kind of each part.", HelpName = "FILE.jsonl" };
        Verb command = new("data", "Show what a stage of a plan trains on, and how fast one thread makes it.", "rwkvx train data plan.json --stage 2 --count 20 --out sequences.jsonl")
        {
            plan, stage, count, forgetting, output,
        };
        command.SetAction(result =>
        {
            string path = Path.GetFullPath(result.GetRequiredValue(plan));
            var read = TrainingPlan.Read(path);
            int number = result.GetValue(stage) ?? 1;
            if (number > read.Stages.Count) throw new CliException($"--stage: expected 1 to {read.Stages.Count}, found {number}");
            var report = DataReport.Read(read, Path.GetDirectoryName(path)!, number - 1, 0, result.GetValue(count) ?? 100, result.GetValue(forgetting));
            string shares = string.Join(", ", Enum.GetNames<TokenKind>().Zip(report.Shares, (name, share) => FormattableString.Invariant($"{name.ToLowerInvariant()} {share:p1}")));
            host.Out.WriteLine(FormattableString.Invariant($"{read.Stages[number - 1].Name}: {report.TokensPerSecond / 1e3:f0}K tokens/s of one thread; {shares}"));
            foreach (DataReport.Source source in report.Sources) host.Out.WriteLine(FormattableString.Invariant($"  {source.Name}: {source.Tokens:p1} of the tokens, {source.Answers:p1} of them answers, {source.Weight:p1} of what counts"));
            if (result.GetValue(output) is { } file) File.WriteAllLines(file, report.Texts.Select(text => JsonSerializer.Serialize(new { text })));
        });
        return command;
    }
}
