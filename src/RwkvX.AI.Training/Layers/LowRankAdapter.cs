using RwkvX.AI.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>LoRA (arXiv 2106.09685): trains W + (α/r)·B·A for the large matrices while W itself stays.</summary>
internal sealed class LowRankAdapter : IDisposable
{
    private readonly OrderedDictionary<string, (Tensor A, Tensor B)> _pairs = [];
    private readonly double _scale;

    /// <param name="model">Its attention and channel-mix matrices get a pair each; their own training is not stopped here.</param>
    /// <param name="rank">r</param>
    /// <param name="alpha">α</param>
    /// <param name="generator">Draws A; B starts at zero, so that nothing changes before training.</param>
    public LowRankAdapter(TrainableModel model, int rank, double alpha, Generator generator)
    {
        _scale = alpha / rank;
        foreach ((string name, Tensor weight) in model.Parameters)
        {
            if (weight.dim() != 2 || !name.EndsWith(".weight", StringComparison.Ordinal) || !IsLayer(name)) continue;
            Tensor a = (randn(rank, weight.shape[1], generator: generator) / Math.Sqrt(weight.shape[1])).to(weight.device);
            Tensor b = zeros(weight.shape[0], rank, device: weight.device);
            _pairs.Add(name, (a.requires_grad_(true).DetachFromDisposeScope(), b.requires_grad_(true).DetachFromDisposeScope()));
        }
    }

    /// <summary>The trained tensors by names of their own.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Parameters => _pairs.SelectMany(pair => new KeyValuePair<string, Tensor>[]
    {
        new(pair.Key + ".lora_a", pair.Value.A), new(pair.Key + ".lora_b", pair.Value.B),
    });

    /// <summary>The weight with its update, where it has one.</summary>
    public Tensor Apply(string name, Tensor weight) =>
        _pairs.TryGetValue(name, out (Tensor A, Tensor B) pair) ? weight + (_scale * pair.B.matmul(pair.A)) : weight;

    /// <summary>Adds the updates to the model's weights for good.</summary>
    public void Merge(TrainableModel model)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (string name in _pairs.Keys) model[name].copy_(Apply(name, model[name]));
    }

    public void Dispose()
    {
        foreach ((Tensor a, Tensor b) in _pairs.Values)
        {
            a.Dispose();
            b.Dispose();
        }
    }

    private static bool IsLayer(string name) => name.Contains(".att.", StringComparison.Ordinal) || name.Contains(".ffn.", StringComparison.Ordinal);
}
