using System.CommandLine;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Data;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx train shards</c>: text to files of tokens that training maps.</summary>
internal static class TrainShardsCommand
{
    public static Command Create(CliHost host)
    {
        Option<string[]> text = TextOption();
        Option<string> vocabulary = new("--vocab") { Description = "The vocabulary, in the World format.", HelpName = "FILE", Required = true };
        Option<string> output = new("--out") { Description = "Where the tokens go.", HelpName = "FILE.rwkvtok", Required = true };
        Option<int> seed = new("--seed") { Description = "Decides the order of the documents.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Verb command = new("shards",
            "Tokenise documents, in a random order and with an end-of-text token behind each, for training.",
            "rwkvx train shards --text train.jsonl --vocab vocab.txt --out train.rwkvtok") { text, vocabulary, output, seed };
        command.SetAction(result =>
        {
            WorldTokenizer tokenizer = WorldTokenizer.Load(result.GetRequiredValue(vocabulary));
            string[] documents = [.. result.GetRequiredValue(text).SelectMany(TextFile.Read)];
            new Random(result.GetValue(seed)).Shuffle(documents);
            int size = File.ReadLines(result.GetRequiredValue(vocabulary)).Where(line => line.Length > 0).Max(line => int.Parse(line.AsSpan(0, line.IndexOf(' ')), System.Globalization.CultureInfo.InvariantCulture)) + 1;
            TokenShardWriter writer = new(size);
            foreach (string document in documents)
            {
                int[] ids = tokenizer.Encode(document);
                writer.Add(ids, new TokenKind[ids.Length]);
            }

            string path = result.GetRequiredValue(output);
            writer.Write(path);
            host.Out.WriteLine($"{path}: {writer.TokenCount} tokens of {writer.DocumentCount} documents");
        });
        return command;
    }

    /// <summary>The flag <c>--text</c>, of files.</summary>
    public static Option<string[]> TextOption() => new("--text")
    {
        Description = "Files of text; of .jsonl files the field 'text' of each line.",
        HelpName = "FILE…",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };
}
