using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Training.Models;

/// <summary>The weighted mean of the weights of models that one run, or runs from one model, left behind: often better than each of them.</summary>
/// <remarks>Wortsman et al., "Model soups" (arXiv 2203.05482). Models from different beginnings do not average: their units mean different things.</remarks>
public static class ModelAverage
{
    private const int BlockElements = 1 << 16;

    /// <summary>Writes a model directory (model.safetensors, config.json, vocab.txt) with the mean of several models' weights, in the first one's types; calculated in f32, block by block. The weights get their name last.</summary>
    /// <param name="models">At least two model directories with the same vocabulary and tensors of the same shapes.</param>
    /// <param name="shares">One for each, together 1; of any sign.</param>
    /// <param name="directory">Made where it does not exist, its files replaced where they do; it may be one of the models.</param>
    /// <param name="progress">The share of the elements that are written, called after each tensor.</param>
    /// <exception cref="ArgumentException">Fewer than two models, another number of shares, or shares that are not finite or not 1 together.</exception>
    /// <exception cref="CheckpointException">A model cannot be read, differs from the first one, or has integers for weights.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public static void Write(IReadOnlyList<string> models, IReadOnlyList<double> shares, string directory, IProgress<double>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(shares);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (models.Count < 2) throw new ArgumentException($"expected at least 2 models, found {models.Count}", nameof(models));
        if (shares.Count != models.Count) throw new ArgumentException($"expected {models.Count} shares, one for each model, found {shares.Count}", nameof(shares));
        double sum = shares.Sum();
        if (!(Math.Abs(sum - 1) <= 1e-6)) throw new ArgumentException(FormattableString.Invariant($"expected shares that are 1 together, found {sum}"), nameof(shares));
        List<ModelFiles> opened = [];
        try
        {
            foreach (string path in models) opened.Add(ModelFiles.Open(path));
            Write(opened, shares, directory, progress);
        }
        finally
        {
            foreach (ModelFiles files in opened) files.Dispose();
        }
    }

    private static void Write(List<ModelFiles> models, IReadOnlyList<double> shares, string directory, IProgress<double>? progress)
    {
        ModelFiles first = models[0];
        ModelManifest manifest = first.Manifest ?? throw new CheckpointException(first.ManifestPath, "expected config.json beside the weights, found none");
        ModelTensors.Read(first); // what is no model is not averaged
        byte[]? vocabulary = Vocabulary(first);
        foreach (ModelFiles other in models.Skip(1)) CheckSame(first, vocabulary, other);
        long done = 0, total = first.Checkpoint.Tensors.Values.Sum(tensor => tensor.ElementCount);
        TensorSource[] sources = [.. first.Checkpoint.Tensors.Values.Select(tensor => new TensorSource(tensor.Name, tensor.Type, tensor.Shape, stream =>
        {
            WriteMean([.. models.Select(files => files.Checkpoint.Tensors[tensor.Name])], shares, stream);
            progress?.Report((double)(done += tensor.ElementCount) / total);
        }))];
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(Path.Combine(directory, "model.safetensors"), sources, null, () =>
        {
            if (vocabulary is not null) ReplacedFile.Write(Path.Combine(directory, "vocab.txt"), stream => stream.Write(vocabulary));
            ReplacedFile.Write(Path.Combine(directory, "config.json"), stream => stream.Write(manifest.ToJson()));
        }, CancellationToken.None);
    }

    private static void CheckSame(ModelFiles first, byte[]? vocabulary, ModelFiles other)
    {
        string path = other.Checkpoint.Path;
        foreach (CheckpointTensor tensor in first.Checkpoint.Tensors.Values)
        {
            CheckpointTensor found = other.Checkpoint.Get(tensor.Name, [.. tensor.Shape]);
            foreach ((string file, TensorType type) in new[] { (first.Checkpoint.Path, tensor.Type), (path, found.Type) })
                if (type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16)) throw new CheckpointException(file, tensor.Name, "F32, F16 or BF16", type.ToString());
        }

        string? extra = other.Checkpoint.Tensors.Keys.FirstOrDefault(name => !first.Checkpoint.Tensors.ContainsKey(name));
        if (extra is not null) throw new CheckpointException(path, extra, $"the tensors of {first.Checkpoint.Path} alone", "one more");
        if (!(vocabulary ?? []).AsSpan().SequenceEqual(Vocabulary(other) ?? [])) throw new CheckpointException(path, $"expected the vocabulary of {first.Checkpoint.Path}, found another");
    }

    private static byte[]? Vocabulary(ModelFiles files) => files.VocabularyPath is { } path ? File.ReadAllBytes(path) : null;

    private static void WriteMean(CheckpointTensor[] tensors, IReadOnlyList<double> shares, Stream stream)
    {
        float[] mean = new float[BlockElements], values = new float[BlockElements];
        byte[] bytes = new byte[BlockElements * sizeof(float)];
        int size = CheckpointTensor.SizeOf(tensors[0].Type);
        for (long start = 0; start < tensors[0].ElementCount; start += BlockElements)
        {
            int count = (int)Math.Min(BlockElements, tensors[0].ElementCount - start);
            mean.AsSpan(0, count).Clear();
            for (int m = 0; m < tensors.Length; m++)
            {
                float share = (float)shares[m];
                tensors[m].CopyTo(start, values.AsSpan(0, count));
                for (int i = 0; i < count; i++) mean[i] += share * values[i];
            }

            ElementConversion.Narrow(mean.AsSpan(0, count), tensors[0].Type, bytes.AsSpan(0, count * size));
            stream.Write(bytes, 0, count * size);
        }
    }
}
