using RwkvX.AI.DefaultModel;

namespace RwkvX.AI.Checkpoints;

/// <summary>A model on disk: its tensors, and what stands beside them (config.json, vocab.txt).</summary>
/// <remarks>The weights stay mapped until this is disposed: dispose it after everything that reads them.</remarks>
public sealed class ModelFiles : IDisposable
{
    private const string ManifestName = "config.json", VocabularyName = "vocab.txt";

    /// <summary>More than any model was trained with, and what still leaves sums of sizes far from overflow.</summary>
    internal const int MaxChunkSize = 1 << 20, MaxTopK = 1 << 16;

    // What published checkpoints, which carry no configuration, were trained with.
    private const int PublishedChunkSize = 2048, PublishedTopK = 3;

    private static readonly string[] TensorFileNames = ["model.safetensors", "model.pth"];

    private readonly Func<Stream>? _openVocabulary;

    internal ModelFiles(
        Checkpoint checkpoint, ModelManifest? manifest, string manifestPath, string name, ModelFileOptions? options = null, Func<Stream>? openVocabulary = null)
    {
        Checkpoint = checkpoint;
        Manifest = manifest;
        ManifestPath = manifestPath;
        Name = manifest?.Name ?? name;
        VocabularyPath = options?.VocabularyPath;
        _openVocabulary = openVocabulary;
        MobaChunkSize = options?.MobaChunkSize ?? Checked(manifest?.MobaChunkSize, MaxChunkSize, "moba_chunk_size") ?? PublishedChunkSize;
        MobaTopK = options?.MobaTopK ?? Checked(manifest?.MobaTopK, MaxTopK, "moba_topk") ?? PublishedTopK;
    }

    /// <summary>The model's name for people: that in config.json, or else its directory's or file's.</summary>
    public string Name { get; }

    /// <summary>The tensors. <c>ModelTensors.Read</c> checks them all.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>config.json; null where there is none.</summary>
    public ModelManifest? Manifest { get; }

    /// <summary>Tokens in a chunk of keys: from the options, config.json, or 2048.</summary>
    public int MobaChunkSize { get; }

    /// <summary>Chunks that a query attends to, its own included: from the options, config.json, or 3.</summary>
    public int MobaTopK { get; }

    /// <summary>The vocabulary's file; null where there is none or it is embedded.</summary>
    public string? VocabularyPath { get; }

    /// <summary>Where <see cref="Manifest"/> was found, or would have been.</summary>
    internal string ManifestPath { get; }

    /// <summary>Opens a model directory (<c>model.safetensors</c> or <c>model.pth</c>), or such a file; config.json and vocab.txt beside it are used if there.</summary>
    /// <exception cref="CheckpointException">Something is missing, unreadable or damaged.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static ModelFiles Open(string path, ModelFileOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelFileOptions();
        Check(options);
        string file = Directory.Exists(path) ? FindTensorFile(path) : path;
        string directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string? vocabulary = FindVocabulary(directory, options.VocabularyPath);
        string manifestPath = Path.Combine(directory, ManifestName);
        ModelManifest? manifest = ReadManifest(manifestPath);
        var found = new ModelFileOptions { VocabularyPath = vocabulary, MobaChunkSize = options.MobaChunkSize, MobaTopK = options.MobaTopK };
        Checkpoint checkpoint = Checkpoint.Open(file);
        try
        {
            return new ModelFiles(checkpoint, manifest, manifestPath, NameOf(file, directory), found);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Opens the model embedded in RwkvX.AI.DefaultModel; its weights are read where they lie, in the assembly's image.</summary>
    public static ModelFiles OpenDefault()
    {
        const string path = "<embedded model>";
        var checkpoint = Checkpoint.Open(CheckpointMemory.Over(EmbeddedModel.OpenTensors(), path));
        const string manifestPath = $"{path}/{ManifestName}";
        using Stream manifest = EmbeddedModel.OpenManifest();
        byte[] json = new byte[manifest.Length];
        manifest.ReadExactly(json);
        return new ModelFiles(checkpoint, ModelManifest.Parse(manifestPath, json), manifestPath, path, openVocabulary: EmbeddedModel.OpenVocabulary);
    }

    /// <summary>The vocabulary's text; null where the model has none. The caller disposes the stream.</summary>
    /// <exception cref="CheckpointException">The file cannot be read any more.</exception>
    public Stream? OpenVocabulary()
    {
        if (VocabularyPath is null)
            return _openVocabulary?.Invoke();
        try
        {
            return File.OpenRead(VocabularyPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CheckpointMemory.Unreadable(VocabularyPath, e);
        }
    }

    /// <summary>Unmaps the weights.</summary>
    public void Dispose() => Checkpoint.Dispose();

    private static string FindTensorFile(string directory)
    {
        string? name = TensorFileNames.FirstOrDefault(name => File.Exists(Path.Combine(directory, name)));
        return name is not null ? Path.Combine(directory, name) : throw new CheckpointException(directory, "expected model.safetensors or model.pth, found neither");
    }

    private static string? FindVocabulary(string directory, string? chosen)
    {
        if (chosen is not null)
            return File.Exists(chosen) ? chosen : throw new CheckpointException(chosen, "expected a vocabulary, found no file");
        string beside = Path.Combine(directory, VocabularyName);
        return File.Exists(beside) ? beside : null;
    }

    private static ModelManifest? ReadManifest(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > ModelManifest.MaxBytes)
                throw new CheckpointException(path, $"expected at most {ModelManifest.MaxBytes} bytes, found {file.Length}");
            byte[] json = new byte[file.Length];
            file.ReadExactly(json);
            return ModelManifest.Parse(path, json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CheckpointMemory.Unreadable(path, e);
        }
    }

    /// <summary>A file called <c>model</c> says nothing: then the directory's name.</summary>
    private static string NameOf(string file, string directory)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        string parent = Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
        return name == "model" && parent.Length > 0 ? parent : name;
    }

    private static void Check(ModelFileOptions options)
    {
        if (options.MobaChunkSize is < 1 or > MaxChunkSize)
            throw new ArgumentOutOfRangeException(nameof(options), options.MobaChunkSize, $"MobaChunkSize: 1 to {MaxChunkSize}");
        if (options.MobaTopK is < 1 or > MaxTopK)
            throw new ArgumentOutOfRangeException(nameof(options), options.MobaTopK, $"MobaTopK: 1 to {MaxTopK}");
    }

    private int? Checked(int? value, int max, string field)
        => value is null or >= 1 && !(value > max) ? value : throw new CheckpointException(ManifestPath, field, $"1 to {max}", $"{value}");
}
