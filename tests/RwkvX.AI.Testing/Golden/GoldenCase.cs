using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Reference;

namespace RwkvX.AI.Testing.Golden;

/// <summary>One golden case: a small model and what it must compute.</summary>
public sealed class GoldenCase : IDisposable
{
    private readonly Dictionary<string, float[]> _io;

    private GoldenCase(string name)
    {
        string directory = Path.Combine(Repository.Fixtures, "golden", name);
        using JsonDocument sizes = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "case.json")));
        JsonElement root = sizes.RootElement;
        bool sparse = root.GetProperty("n_moba_layer").GetInt32() > 0;
        Files = ModelFiles.Open(directory, sparse
            ? new ModelFileOptions { MobaChunkSize = root.GetProperty("moba_chunk_size").GetInt32(), MobaTopK = root.GetProperty("moba_topk").GetInt32() }
            : null);
        Config = ModelTensors.Read(Files).Config;
        using Checkpoint io = Checkpoint.Open(Path.Combine(directory, "io.safetensors"));
        _io = Read(io);
    }

    /// <summary>The names of the cases.</summary>
    public static IReadOnlyList<string> Names { get; } = ["hybrid-long", "hybrid-window", "rwkv7-plain"];

    /// <summary>The model.</summary>
    public ModelFiles Files { get; }

    /// <summary>Its sizes.</summary>
    public RwkvXConfig Config { get; }

    /// <summary>(T) the tokens.</summary>
    public int[] Tokens => Array.ConvertAll(_io["tokens"], token => (int)token);

    /// <summary>(T, V) the logits after each.</summary>
    public float[] Logits => _io["logits"];

    /// <summary>Opens a case.</summary>
    public static GoldenCase Open(string name) => new(name);

    /// <summary>The oracle with the case's weights.</summary>
    public ScalarModel Oracle() => new(Config, Read(Files.Checkpoint));

    /// <summary>A part of the state after the last token, such as <c>rwkv.0.wkv</c>.</summary>
    public float[] State(string name) => _io["state." + name];

    public void Dispose() => Files.Dispose();

    private static Dictionary<string, float[]> Read(Checkpoint checkpoint) => checkpoint.Tensors.ToDictionary(
        pair => pair.Key,
        pair =>
        {
            float[] values = new float[pair.Value.ElementCount];
            pair.Value.CopyTo(values);
            return values;
        });
}
