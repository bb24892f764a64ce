using System.CommandLine;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx tokenize</c>: texts to ids.</summary>
internal static class TokenizeCommand
{
    public static Command Create(CliHost host)
    {
        Option<string> vocabulary = new("--vocab")
        {
            Description = "The vocabulary, in the World format.",
            HelpName = "FILE",
            Required = true,
        };
        Option<string> input = new("--in") { Description = "A JSON array of strings.", HelpName = "FILE.json", Required = true };
        Option<string> output = new("--out")
        {
            Description = "Where the JSON array of arrays of ids goes.",
            HelpName = "FILE.json",
            Required = true,
        };
        Verb command = new("tokenize", "Encode texts with a World vocabulary.",
            """
            echo '["Hello, world!"]' > texts.json
            rwkvx tokenize --vocab my-model/vocab.txt --in texts.json --out ids.json
            """) { vocabulary, input, output };
        command.SetAction(result =>
        {
            WorldTokenizer tokenizer = WorldTokenizer.Load(result.GetRequiredValue(vocabulary));
            List<string> texts = JsonFile.ReadTexts(result.GetRequiredValue(input));
            List<int[]> ids = texts.ConvertAll(text => tokenizer.Encode(text));
            JsonFile.WriteIds(result.GetRequiredValue(output), ids);
            host.Out.WriteLine($"{texts.Count} texts, {ids.Sum(text => (long)text.Length)} ids");
        });
        return command;
    }
}
