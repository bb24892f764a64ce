using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Models;

/// <summary>RWKV-7's own initialisation (arXiv 2503.14456): mixes and decays spread over channels and layers, small low-rank pairs, outputs at zero.</summary>
internal sealed class Initialization
{
    private readonly RwkvXConfig _config;
    private readonly Generator _generator;
    private readonly double[] _ramp;   // c / C
    private readonly double[] _line;   // c / (C − 1) − ½
    private readonly double[] _zigzag; // within a head, −1 to 1, steep at its ends

    /// <param name="config">The sizes.</param>
    /// <param name="seed">Decides the random weights.</param>
    public Initialization(RwkvXConfig config, int seed)
    {
        (_config, _generator) = (config, new Generator((ulong)seed));
        int C = config.EmbeddingSize, N = config.HeadSize;
        _ramp = [.. Enumerable.Range(0, C).Select(c => (double)c / C)];
        _line = [.. Enumerable.Range(0, C).Select(c => ((double)c / (C - 1)) - 0.5)];
        _zigzag = [.. Enumerable.Range(0, C).Select(c => ((c % N) - ((N - 1) / 2.0)) / ((N - 1) / 2.0)).Select(z => z * Math.Abs(z))];
    }

    /// <summary>A new model.</summary>
    public static TrainableModel Create(RwkvXConfig config, int seed)
    {
        Initialization initialization = new(config, seed);
        TrainableModel model = new(config, config.SparseLayerCount > 0 ? "rwkv." : "");
        using DisposeScope scope = NewDisposeScope();
        int C = config.EmbeddingSize, V = config.VocabSize;
        model.Add(model.Prefix + "emb.weight", initialization.Uniform(1e-4, V, C));
        initialization.AddNorm(model, model.Prefix + "blocks.0.ln0");
        for (int i = 0; i < config.LayerCount; i++) initialization.AddRwkvLayer(model, i);
        for (int m = 0; m < config.SparseLayerCount; m++) initialization.AddSparseLayer(model, m);
        initialization.AddNorm(model, model.Prefix + "ln_out");
        model.Add(model.Prefix + "head.weight", initialization.Orthogonal(V, C, 0.5));
        return model;
    }

    /// <summary>A sparse layer that adds nothing to x yet.</summary>
    public void AddSparseLayer(TrainableModel model, int m)
    {
        int C = _config.EmbeddingSize;
        AddNorm(model, $"moba.{m}.ln1");
        AddNorm(model, $"moba.{m}.ln2");
        foreach (string name in (string[])["receptance", "key", "value"])
            model.Add($"moba.{m}.att.{name}.weight", Uniform(0.5 / Math.Sqrt(C), C, C));
        model.Add($"moba.{m}.att.output.weight", zeros(C, C));
        AddChannelMix(model, $"moba.{m}.ffn.", (m + 1) * _config.SparseInterval);
    }

    private void AddRwkvLayer(TrainableModel model, int i)
    {
        string block = $"{model.Prefix}blocks.{i}.", att = block + "att.";
        int C = _config.EmbeddingSize, L = _config.LayerCount;
        double rising = L > 1 ? (double)i / (L - 1) : 0, falling = 1 - ((double)i / L);
        AddNorm(model, block + "ln1");
        AddNorm(model, block + "ln2");
        foreach ((string c, double power) in new[] { ("r", 0.2), ("w", 0.9), ("k", 0.7), ("v", 0.7), ("a", 0.9), ("g", 0.2) })
            model.Add($"{att}x_{c}", Vector(n => 1 - Math.Pow(_ramp[n], power * falling)));
        model.Add(att + "w0", Vector(n => -5.5 + (6 * Math.Pow((double)n / (C - 1), 1 + Math.Pow(rising, 0.3))) + (2.5 * _zigzag[n])));
        AddLowRank(model, att, "w", 2.5);
        model.Add(att + "a0", Vector(n => -0.19 + (0.3 * _zigzag[n]) + (0.4 * _line[n])));
        AddLowRank(model, att, "a", 2.5);
        if (i > 0)
        {
            model.Add(att + "v0", Vector(n => 0.73 - (0.4 * _line[n])));
            AddLowRank(model, att, "v", 1.7);
        }

        AddLowRank(model, att, "g", 5);
        model.Add(att + "k_k", Vector(n => 0.71 - (0.1 * _line[n])));
        model.Add(att + "k_a", Vector(_ => 1.02));
        model.Add(att + "r_k", full(new long[] { _config.HeadCount, _config.HeadSize }, -0.04));
        foreach ((string name, double scale) in new[] { ("receptance", 0.5), ("key", 0.05), ("value", 0.5) })
            model.Add($"{att}{name}.weight", Uniform(scale / Math.Sqrt(C), C, C));
        model.Add(att + "output.weight", zeros(C, C));
        model.Add(att + "ln_x.weight", full(new long[] { C }, Math.Pow((1.0 + i) / L, 0.7)));
        model.Add(att + "ln_x.bias", zeros(C));
        AddChannelMix(model, block + "ffn.", i);
    }

    private void AddLowRank(TrainableModel model, string att, string kind, double factor)
    {
        int C = _config.EmbeddingSize, rank = Math.Max(32, (int)Math.Round(factor * Math.Sqrt(C) / 32) * 32);
        model.Add($"{att}{kind}1", zeros(C, rank));
        model.Add($"{att}{kind}2", Orthogonal(rank, C, 0.1));
    }

    private void AddChannelMix(TrainableModel model, string ffn, int layer)
    {
        int C = _config.EmbeddingSize;
        double falling = Math.Max(0, 1 - ((double)layer / _config.LayerCount));
        model.Add(ffn + "x_k", Vector(n => 1 - Math.Pow(_ramp[n], Math.Pow(falling, 4))));
        model.Add(ffn + "key.weight", Uniform(0.5 / Math.Sqrt(C), 4 * C, C));
        model.Add(ffn + "value.weight", zeros(C, 4 * C));
    }

    private void AddNorm(TrainableModel model, string name)
    {
        model.Add(name + ".weight", ones(_config.EmbeddingSize));
        model.Add(name + ".bias", zeros(_config.EmbeddingSize));
    }

    private Tensor Vector(Func<int, double> value) =>
        tensor(Enumerable.Range(0, _config.EmbeddingSize).Select(n => (float)value(n)).ToArray(), [1, 1, _config.EmbeddingSize]);

    private Tensor Uniform(double bound, long rows, long columns) => ((rand(rows, columns, generator: _generator) * 2) - 1) * bound;

    /// <summary>A random matrix with orthonormal rows or columns, times its gain.</summary>
    private Tensor Orthogonal(long rows, long columns, double scale)
    {
        Tensor drawn = randn(Math.Max(rows, columns), Math.Min(rows, columns), generator: _generator);
        (Tensor q, Tensor r) = linalg.qr(drawn);
        q = q * r.diagonal().sign();
        double gain = rows > columns ? Math.Sqrt((double)rows / columns) : 1;
        return (rows < columns ? q.mT : q).contiguous() * (gain * scale);
    }
}
