using System.CommandLine;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Vocabularies;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx vocab</c>: vocabularies from text.</summary>
internal static class VocabCommand
{
    public static Command Create(CliHost host) => new("vocab", "Make vocabularies.") { CreateTrain(host) };

    private static Verb CreateTrain(CliHost host)
    {
        Option<string[]> text = TrainShardsCommand.TextOption();
        Option<int> size = new("--size") { Description = "Ids in all, id 0 included.", HelpName = "N", DefaultValueFactory = _ => 4096 };
        Option<string> output = new("--out") { Description = "Where the vocabulary goes.", HelpName = "FILE", Required = true };
        Verb command = new("train",
            "Train a byte-level vocabulary in the World format: digits are single, and no token crosses the borders of a chat's turns.",
            "rwkvx vocab train --text train.jsonl --size 4096 --out vocab.txt") { text, size, output };
        command.SetAction(result =>
        {
            int wanted = result.GetValue(size);
            if (wanted is < 257 or > 65_536) throw new CliException($"--size: expected 257 to 65536, found {wanted}");
            string path = result.GetRequiredValue(output);
            VocabularyTrainer trainer = new();
            foreach (string document in result.GetRequiredValue(text).SelectMany(TextFile.Read)) trainer.Add(document);
            WorldVocabularyFile.Write(path, trainer.Train(wanted));
            WorldTokenizer tokenizer = WorldTokenizer.Load(path);
            long tokens = result.GetRequiredValue(text).SelectMany(TextFile.Read).Sum(document => (long)tokenizer.Encode(document).Length);
            host.Out.WriteLine(FormattableString.Invariant($"{path}: {wanted} ids, {(double)trainer.ByteCount / tokens:f3} bytes a token over {trainer.ByteCount} bytes"));
        });
        return command;
    }
}
