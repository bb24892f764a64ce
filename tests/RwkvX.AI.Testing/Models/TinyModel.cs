using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Reference;

namespace RwkvX.AI.Testing.Models;

/// <summary>A random model of any shape in memory, with weights of the sizes that trained ones have.</summary>
public sealed class TinyModel : IDisposable
{
    private const int N = 64;

    private readonly Random _random;
    private readonly Dictionary<string, float[]> _values = [];

    private TinyModel(RwkvXConfig config, int seed, string prefix, int[] ranks)
    {
        Config = config;
        _random = new Random(seed);
        AddAll(prefix, ranks);
    }

    /// <summary>The model's sizes.</summary>
    public RwkvXConfig Config { get; }

    /// <summary>Its tensors as a checkpoint.</summary>
    public MemoryCheckpoint Checkpoint { get; } = new();

    /// <summary>Creates a model.</summary>
    /// <param name="heads">H; C = 64·H.</param>
    /// <param name="layers">L</param>
    /// <param name="sparseLayers">M; names carry the prefix <c>rwkv.</c> unless it is 0.</param>
    /// <param name="chunkSize">Tokens in a chunk.</param>
    /// <param name="topK">Chunks that a query attends to.</param>
    /// <param name="seed">Equal seeds give equal models.</param>
    /// <param name="vocabulary">V</param>
    /// <param name="ranks">Low ranks of w, a, g, v; null for 8, 12, 20, 7: none of them a whole number of vectors.</param>
    public static TinyModel Create(
        int heads = 2, int layers = 2, int sparseLayers = 1, int chunkSize = 16, int topK = 3, int seed = 1, int vocabulary = 100, int[]? ranks = null)
    {
        RwkvXConfig config = new()
        {
            EmbeddingSize = heads * N,
            LayerCount = layers,
            SparseLayerCount = sparseLayers,
            VocabSize = vocabulary,
            MobaChunkSize = chunkSize,
            MobaTopK = topK,
        };
        return new TinyModel(config, seed, sparseLayers == 0 ? "" : "rwkv.", ranks ?? [8, 12, 20, 7]);
    }

    /// <summary>The oracle of the model.</summary>
    public ScalarModel Oracle() => new(Config, _values);

    /// <summary>The oracle of its neighbour, of which every weight is the next number up or down: how far the two are apart says what single precision can tell.</summary>
    public ScalarModel NeighbourOracle()
    {
        Random random = new(1);
        return new(Config, _values.ToDictionary(pair => pair.Key, pair => Array.ConvertAll(pair.Value, value => random.Next(2) == 0 ? MathF.BitIncrement(value) : MathF.BitDecrement(value))));
    }

    /// <summary>The CPU engine with the model's weights, which must outlive it.</summary>
    /// <param name="options">Null for one thread: tests run beside each other, and the results are the same.</param>
    public CpuModel Engine(CpuModelOptions? options = null) =>
        new(ModelTensors.Read(Checkpoint, Config.MobaChunkSize, Config.MobaTopK), options ?? new CpuModelOptions { Threads = 1 });

    /// <summary>Random tokens of the model's vocabulary.</summary>
    public int[] Tokens(int count, int seed = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Config.VocabSize))];
    }

    public void Dispose() => Checkpoint.Dispose();

    private void AddAll(string prefix, int[] ranks)
    {
        int C = Config.EmbeddingSize, V = Config.VocabSize;
        Normal(prefix + "emb.weight", 1, V, C);
        LayerNorm(prefix + "blocks.0.ln0");
        for (int i = 0; i < Config.LayerCount; i++)
        {
            string block = $"{prefix}blocks.{i}.";
            LayerNorm(block + "ln1");
            LayerNorm(block + "ln2");
            AddTimeMix(block + "att.", ranks, first: i == 0);
            AddChannelMix(block + "ffn.");
        }

        for (int m = 0; m < Config.SparseLayerCount; m++)
        {
            LayerNorm($"moba.{m}.ln1");
            LayerNorm($"moba.{m}.ln2");
            foreach (string name in new[] { "receptance", "key", "value", "output" })
                Normal($"moba.{m}.att.{name}.weight", name == "receptance" ? 2 / Math.Sqrt(C) : 1 / Math.Sqrt(C), C, C);
            AddChannelMix($"moba.{m}.ffn.");
        }

        LayerNorm(prefix + "ln_out");
        Normal(prefix + "head.weight", 1 / Math.Sqrt(C), V, C);
    }

    private void AddTimeMix(string att, int[] ranks, bool first)
    {
        int C = Config.EmbeddingSize;
        foreach (string c in new[] { "r", "w", "k", "v", "a", "g" })
            Add($"{att}x_{c}", () => _random.NextDouble(), 1, 1, C);
        Add(att + "w0", () => (6 * _random.NextDouble()) - 5, 1, 1, C); // from slow to fast decays
        Add(att + "a0", Gaussian, 1, 1, C);
        AddLowRank(att, "w", ranks[0]);
        AddLowRank(att, "a", ranks[1]);
        AddLowRank(att, "g", ranks[2]);
        if (!first)
        {
            Add(att + "v0", Gaussian, 1, 1, C);
            AddLowRank(att, "v", ranks[3]);
        }

        Add(att + "k_k", () => 0.7 + (0.3 * _random.NextDouble()), 1, 1, C);
        Add(att + "k_a", () => 0.8 + (0.4 * _random.NextDouble()), 1, 1, C);
        Normal(att + "r_k", 0.1, Config.HeadCount, N);
        LayerNorm(att + "ln_x");
        foreach (string name in new[] { "receptance", "key", "value", "output" })
            Normal($"{att}{name}.weight", 1 / Math.Sqrt(C), C, C);
    }

    private void AddLowRank(string att, string kind, int rank)
    {
        Normal($"{att}{kind}1", 1 / Math.Sqrt(Config.EmbeddingSize), Config.EmbeddingSize, rank);
        Normal($"{att}{kind}2", 1 / Math.Sqrt(rank), rank, Config.EmbeddingSize);
    }

    private void AddChannelMix(string ffn)
    {
        int C = Config.EmbeddingSize;
        Add(ffn + "x_k", () => _random.NextDouble(), 1, 1, C);
        Normal(ffn + "key.weight", 1 / Math.Sqrt(C), 4 * C, C);
        Normal(ffn + "value.weight", 0.5 / Math.Sqrt(C), C, 4 * C);
    }

    private void LayerNorm(string name)
    {
        Add(name + ".weight", () => 1 + (0.1 * Gaussian()), Config.EmbeddingSize);
        Add(name + ".bias", () => 0.1 * Gaussian(), Config.EmbeddingSize);
    }

    private void Normal(string name, double scale, params int[] shape) => Add(name, () => scale * Gaussian(), shape);

    private void Add(string name, Func<double> next, params int[] shape)
    {
        float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)next();
        _values.Add(name, values);
        Checkpoint.Add(name, shape, values);
    }

    private double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
