using System.CommandLine;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx eval</c>: what a model can do.</summary>
internal static class EvalCommand
{
    public static Command Create(CliHost host) => new("eval", "Measure what a model recalls and predicts; docs/evaluation.md has tasks and file formats.")
    {
        EvalPasskeyCommand.Create(host),
        EvalTaskCommand.Create(host, "needle", "Numbers and identifiers hidden in long texts.", ["needle-2", "needle-1", "needle-3", "multi-key", "multi-value"]),
        EvalTaskCommand.Create(host, "facts", "Facts told in a document or a chat, asked afterwards.", ["facts", "four", "later", "chat", "everyday", "everyday-chat"]),
        EvalTaskCommand.Create(host, "unknown", "Facts that were never told: the model shall say that it does not know.", ["unknown"]),
        EvalTaskCommand.Create(host, "decisions", "Decisions in minutes, to be listed in order.", ["decisions"]),
        EvalTextCommand.CreatePerplexity(host),
        EvalTextCommand.CreateCloze(host),
        EvalTextCommand.CreateChoice(host),
        EvalGenerateCommand.Create(host),
        EvalReportCommand.Create(host),
    };
}
