using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>Makes a model directory (model.safetensors, config.json, vocab.txt) of a checkpoint.</summary>
public static class ModelImporter
{
    /// <summary>Checks a checkpoint and writes it as a model directory. The weights get their name last: a directory that has them is complete, and one that had others keeps them until then.</summary>
    /// <param name="source">A .pth or .safetensors file, or a model directory.</param>
    /// <param name="directory">The directory; made where it does not exist, its files replaced where they do.</param>
    /// <param name="options">What to make of it.</param>
    /// <param name="progress">Called after each tensor.</param>
    /// <param name="cancellationToken">Acts between tensors.</param>
    /// <exception cref="CheckpointException">The checkpoint is damaged, not a model, or not what its config.json says; or its weights do not fit the precision.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static void Import(
        string source, string directory, ModelImportOptions? options = null, IProgress<ModelImportProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new ModelImportOptions();
        var fileOptions = new ModelFileOptions { VocabularyPath = options.VocabularyPath, MobaChunkSize = options.MobaChunkSize, MobaTopK = options.MobaTopK };
        using var files = ModelFiles.Open(source, fileOptions);
        var tensors = ModelTensors.Read(files);
        List<TensorSource> sources = new TensorConversion(files.Checkpoint.Path, tensors, options.Precision).Convert(files.Checkpoint);
        byte[] manifest = Manifest(files, tensors.Config, options).ToJson();
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(Path.Combine(directory, "model.safetensors"), WithProgress(sources, progress), null, WriteCompanions, cancellationToken);

        void WriteCompanions()
        {
            CopyVocabulary(files, Path.Combine(directory, "vocab.txt"));
            ReplacedFile.Write(Path.Combine(directory, "config.json"), stream => stream.Write(manifest));
        }
    }

    private static ModelManifest Manifest(ModelFiles files, RwkvXConfig config, ModelImportOptions options)
    {
        ModelManifest beside = files.Manifest ?? new ModelManifest { EosTokenId = 0, Template = "world" };
        return beside with
        {
            Name = options.Name ?? files.Name,
            Architecture = ModelManifest.RwkvX,
            EmbeddingSize = config.EmbeddingSize,
            LayerCount = config.LayerCount,
            SparseLayerCount = config.SparseLayerCount,
            HeadSize = config.HeadSize,
            VocabSize = config.VocabSize,
            MobaChunkSize = config.MobaChunkSize,
            MobaTopK = config.MobaTopK,
            Generation = options.Generation ?? beside.Generation,
        };
    }

    private static void CopyVocabulary(ModelFiles files, string destination)
    {
        if (files.VocabularyPath is null || Path.GetFullPath(files.VocabularyPath) == Path.GetFullPath(destination))
            return;
        using Stream vocabulary = files.OpenVocabulary()!;
        ReplacedFile.Write(destination, vocabulary.CopyTo);
    }

    private static List<TensorSource> WithProgress(List<TensorSource> sources, IProgress<ModelImportProgress>? progress)
    {
        if (progress is null)
            return sources;
        long done = 0, total = sources.Sum(source => source.ByteLength);
        return sources.ConvertAll(source => new TensorSource(source.Name, source.Type, source.Shape, stream =>
        {
            source.WriteTo(stream);
            progress.Report(new ModelImportProgress(source.Name, done += source.ByteLength, total));
        }));
    }
}
