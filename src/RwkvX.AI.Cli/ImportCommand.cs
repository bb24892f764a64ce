using System.CommandLine;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx import</c>: a published checkpoint to a model directory.</summary>
internal static class ImportCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> source = new("PTH") { Description = "The checkpoint: a .pth or .safetensors file, or a model directory." };
        ModelArguments model = new();
        Option<string> output = new("--out")
        {
            Description = "The model directory to write; made where it does not exist.",
            HelpName = "DIR",
            Required = true,
        };
        Option<string?> precision = new("--precision")
        {
            Description = "The form of the weights; int8 touches the large matrices alone. Without it: as stored.",
            HelpName = "f32|bf16|int8",
        };
        precision.AcceptOnlyFromAmong("f32", "bf16", "int8");
        Verb command = new("import",
            "Make a model directory (config.json, model.safetensors, vocab.txt) of a checkpoint. Nothing in the file is executed.",
            """
            rwkvx import rwkv-x-3.6b.pth --vocab rwkv_vocab_v20230424.txt --out rwkv-x-3.6b --precision int8
            """) { source, model.Vocabulary, output, model.MobaChunkSize, model.MobaTopK, precision };
        command.SetAction((result, cancellationToken) =>
        {
            string directory = result.GetRequiredValue(output);
            if (File.Exists(directory)) throw new CliException($"{directory}: expected a directory to write, found a file");
            if (result.GetValue(model.Vocabulary) is { } vocabulary) WorldTokenizer.Load(vocabulary); // a malformed one is not passed on
            ModelImportOptions options = new()
            {
                VocabularyPath = result.GetValue(model.Vocabulary),
                MobaChunkSize = result.GetValue(model.MobaChunkSize),
                MobaTopK = result.GetValue(model.MobaTopK),
                Precision = result.GetValue(precision) is { } name ? ModelArguments.ParsePrecision(name) : null,
            };
            long bytes = ProgressBar.Run(host, "importing", 1, report =>
            {
                long done = 0;
                InlineProgress<ModelImportProgress> progress = new(value => report((double)(done = value.BytesDone) / value.BytesTotal));
                ModelImporter.Import(result.GetRequiredValue(source), directory, options, progress, cancellationToken);
                return done;
            });
            host.Out.WriteLine(FormattableString.Invariant($"{directory}: {bytes:N0} bytes of weights"));
            return Task.CompletedTask;
        });
        return command;
    }
}
