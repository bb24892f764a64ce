using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Models;

/// <summary>Writes a trained model as a model directory that the engines load.</summary>
public static class ModelExport
{
    /// <summary>Writes model.safetensors, config.json and vocab.txt; the weights get their name last.</summary>
    /// <param name="model">The model.</param>
    /// <param name="directory">Made where it does not exist.</param>
    /// <param name="name">The name in config.json.</param>
    /// <param name="vocabulary">A file in the World format; null for none.</param>
    /// <param name="precision">F32 or BF16.</param>
    public static void Write(TrainableModel model, string directory, string name, string? vocabulary, Precision precision = Precision.BF16)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Directory.CreateDirectory(directory);
        RwkvXConfig config = model.Config;
        ModelManifest manifest = new()
        {
            Name = name,
            Architecture = ModelManifest.RwkvX,
            EmbeddingSize = config.EmbeddingSize,
            LayerCount = config.LayerCount,
            SparseLayerCount = config.SparseLayerCount,
            HeadSize = config.HeadSize,
            VocabSize = config.VocabSize,
            MobaChunkSize = config.MobaChunkSize,
            MobaTopK = config.MobaTopK,
            EosTokenId = 0,
            Template = "world",
            Generation = new GenerationDefaults { Temperature = 0.7f, TopP = 0.8f, MaxTokens = 1024 },
        };
        ScalarType type = precision == Precision.BF16 ? ScalarType.BFloat16 : ScalarType.Float32;
        TensorSource[] sources = [.. model.Parameters.Select(pair => Source(pair.Key, pair.Value, type))];
        SafetensorsWriter.Write(Path.Combine(directory, "model.safetensors"), sources, null, () =>
        {
            if (vocabulary is not null) File.Copy(vocabulary, Path.Combine(directory, "vocab.txt"), overwrite: true);
            File.WriteAllBytes(Path.Combine(directory, "config.json"), manifest.ToJson());
        }, CancellationToken.None);
    }

    private static TensorSource Source(string name, Tensor values, ScalarType type) =>
        new(name, type == ScalarType.BFloat16 ? TensorType.BF16 : TensorType.F32, [.. values.shape.Select(size => (int)size)], stream =>
        {
            using DisposeScope scope = NewDisposeScope();
            stream.Write(values.detach().to(type).cpu().contiguous().bytes);
        });
}
