using System.CommandLine;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Cli;

/// <summary><c>rwkvx inspect</c>: checks a model as loading does, and says what is in it.</summary>
internal static class InspectCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> path = new("PATH") { Description = "A model directory, or a .safetensors or .pth file." };
        ModelArguments model = new();
        Verb command = new(
            "inspect", "Check a model as loading does, and print its sizes, types and layers.", "rwkvx inspect rwkv-x-3.6b.pth")
        {
            path, model.Vocabulary, model.MobaChunkSize, model.MobaTopK,
        };
        command.SetAction(result =>
        {
            using ModelFiles files = model.Open(result, result.GetRequiredValue(path));
            Describe(files).Write(host);
        });
        return command;
    }

    private static Report Describe(ModelFiles files)
    {
        ModelTensors tensors = ModelTensors.Read(files);
        RwkvXConfig c = tensors.Config;
        Report report = new();
        report.Add("name", $"{files.Name}");
        report.Add("file", $"{files.Checkpoint.Path}");
        report.Add("architecture", $"{(c.SparseLayerCount > 0 ? "RWKV-X" : "RWKV-7, without sparse attention")}");
        report.Add("layers", $"{Layers(c)}");
        report.Add("width", $"{c.EmbeddingSize}, {c.HeadCount} heads of {c.HeadSize}, feed-forward {c.FeedForwardSize}");
        report.Add("rows of the vocabulary", $"{c.VocabSize}");
        if (tensors.RwkvLayers.Count > 0) report.Add("low ranks", $"{Ranks(tensors.RwkvLayers[^1].TimeMix)}");
        if (c.SparseLayerCount > 0)
        {
            long window = (long)c.MobaChunkSize * c.MobaTopK;
            report.Add("sparse attention", $"chunks of {c.MobaChunkSize} tokens, top {c.MobaTopK}: {window} tokens at a time");
        }

        ICollection<CheckpointTensor> all = [.. files.Checkpoint.Tensors.Values];
        report.Add("parameters", $"{all.Sum(tensor => tensor.ElementCount):N0} in {all.Count} tensors");
        foreach (IGrouping<TensorType, CheckpointTensor> type in all.GroupBy(tensor => tensor.Type).OrderBy(type => type.Key))
        {
            long values = type.Sum(tensor => tensor.ElementCount), bytes = type.Sum(tensor => tensor.ByteLength);
            report.Add($"stored as {type.Key}", $"{values:N0} values, {bytes:N0} bytes");
        }

        report.Add("state", $"{StateBytes(c):N0} bytes, and {PageBytes(c):N0} a token in f32 pages");
        AddVocabulary(report, files, c);
        if (files.Manifest?.Template is { } template) report.Add("template", $"{template}");
        return report;
    }

    private static string Layers(RwkvXConfig c) => c.SparseLayerCount == 0
        ? $"{c.LayerCount} RWKV-7"
        : $"{c.LayerCount} RWKV-7 + {c.SparseLayerCount} sparse attention, one after every {c.SparseInterval}";

    private static string Ranks(TimeMixTensors t) =>
        $"w {t.W1.Shape[1]}, a {t.A1.Shape[1]}{(t.V1 is { } v ? $", v {v.Shape[1]}" : "")}, g {t.G1.Shape[1]}";

    /// <summary>Of the parts that do not grow: f32 token-shift vectors and matrices.</summary>
    private static long StateBytes(RwkvXConfig c)
    {
        long layer = (2L * c.EmbeddingSize) + ((long)c.HeadCount * c.HeadSize * c.HeadSize);
        return sizeof(float) * ((c.LayerCount * layer) + ((long)c.SparseLayerCount * c.EmbeddingSize));
    }

    /// <summary>Of one token's keys and values.</summary>
    private static long PageBytes(RwkvXConfig c) => 2L * sizeof(float) * c.EmbeddingSize * c.SparseLayerCount;

    private static void AddVocabulary(Report report, ModelFiles files, RwkvXConfig c)
    {
        using Stream? vocabulary = files.OpenVocabulary();
        if (vocabulary is null)
        {
            report.Add("vocabulary", $"none: give --vocab FILE to verbs that need one");
            return;
        }

        string name = files.VocabularyPath ?? $"<{files.Name}>/vocab.txt";
        WorldTokenizer tokenizer = WorldTokenizer.Load(vocabulary, name);
        if (tokenizer.VocabularySize > c.VocabSize)
        {
            string found = $"{tokenizer.VocabularySize - 1}";
            throw new CheckpointException(name, "ids", $"below {c.VocabSize}, the rows of the model's head", found);
        }

        report.Add("vocabulary", $"{name}, ids up to {tokenizer.VocabularySize - 1}, pieces of up to {tokenizer.MaxPieceLength} bytes");
    }
}
