using System.CommandLine;
using System.Text.Json;
using RwkvX.AI.Evaluation.Tasks;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx eval generate</c>: the documents themselves, to look at or to train a vocabulary on.</summary>
internal static class EvalGenerateCommand
{
    public static Command Create(CliHost host)
    {
        Option<string> task = new("--task") { Description = "The generator.", HelpName = string.Join('|', TaskGenerators.Names), DefaultValueFactory = _ => "tasks" };
        task.AcceptOnlyFromAmong([.. TaskGenerators.Names]);
        Option<int?> words = ModelArguments.Positive("--words", "Length of a document (400)."), documents = ModelArguments.Positive("--documents", "How many (10).");
        Option<bool> test = new("--test") { Description = "The words of the test split instead of those of training." };
        Option<int> seed = new("--seed") { Description = "Decides the documents.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string?> prose = new("--prose") { Description = "Text whose paragraphs are used as filler beside invented ones.", HelpName = "FILE" };
        Option<string> output = new("--out") { Description = "Where they go.", HelpName = "FILE.jsonl", Required = true };
        Verb command = new("generate", "Write generated documents with their questions and answers.",
            "rwkvx eval generate --task facts --documents 3 --out facts.jsonl") { task, words, documents, test, seed, prose, output };
        command.SetAction(result =>
        {
            TaskGenerator generator = TaskGenerators.Open(result.GetRequiredValue(task), result.GetValue(test) ? WordSplit.Test : WordSplit.Training, EvalTaskCommand.Prose(result.GetValue(prose)));
            Random random = new(result.GetValue(seed));
            int count = result.GetValue(documents) ?? 10;
            using StreamWriter file = new(result.GetRequiredValue(output)) { NewLine = "\n" };
            for (int i = 0; i < count; i++)
                file.WriteLine(JsonSerializer.Serialize(new { text = generator.Write(random, result.GetValue(words) ?? 400, text => text.AsSpan().Count(' ') + 1).Text }));
            host.Out.WriteLine($"{result.GetRequiredValue(output)}: {count} documents");
        });
        return command;
    }
}
