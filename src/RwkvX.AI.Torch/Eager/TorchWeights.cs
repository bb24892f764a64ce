using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>A model's weights as tensors of libtorch.</summary>
internal sealed class TorchWeights : IDisposable
{
    private readonly List<Tensor> _all = [];
    private readonly ScalarType _type;

    /// <param name="tensors">Needed only during the call.</param>
    /// <param name="type">Of matrices and pages; vectors and norms are f32.</param>
    public TorchWeights(ModelTensors tensors, ScalarType type)
    {
        _type = type;
        Config = tensors.Config;
        Embedding = Keep(tensors.Embedding, [.. tensors.Embedding.Shape.Select(n => (long)n)], ScalarType.Float32);
        Ln0 = Norm(tensors.Ln0);
        LnOut = Norm(tensors.LnOut);
        long before = Bytes;
        Head = Matrix(tensors.Head);
        Rwkv = [.. tensors.RwkvLayers.Select(l => new RwkvLayer(this, l))];
        Sparse = [.. tensors.SparseLayers.Select(l => new SparseLayer(this, l))];
        StepBytes = Bytes - before;
    }

    public RwkvXConfig Config { get; }

    public Tensor Embedding { get; }

    public NormWeights Ln0 { get; }

    public IReadOnlyList<RwkvLayer> Rwkv { get; }

    public IReadOnlyList<SparseLayer> Sparse { get; }

    public NormWeights LnOut { get; }

    public Tensor Head { get; }

    /// <summary>Bytes that a step reads once: all but the embedding.</summary>
    public long StepBytes { get; }

    /// <summary>The type of matrices and pages.</summary>
    public ScalarType Type => _type;

    private long Bytes => _all.Sum(t => t.NumberOfElements * t.ElementSize);

    /// <summary>(n) f32.</summary>
    public Tensor Vector(CheckpointTensor tensor) => Keep(tensor, [tensor.ElementCount], ScalarType.Float32);

    /// <summary>(rows, columns) in the engine's type.</summary>
    public Tensor Matrix(CheckpointTensor tensor) => Keep(tensor, [tensor.Shape[0], tensor.Shape[1]], _type);

    public NormWeights Norm(LayerNormTensors norm) => new(Vector(norm.Weight), Vector(norm.Bias));

    /// <summary>x · Wᵀ with both in the type of W; the result in f32.</summary>
    public static Tensor Linear(Tensor x, Tensor weight) => x.to(weight.dtype).matmul(weight.t()).to(ScalarType.Float32);

    /// <summary>x · W likewise, for the low-rank pairs, which lie the other way round.</summary>
    public static Tensor LowRank(Tensor x, Tensor weight) => x.to(weight.dtype).matmul(weight).to(ScalarType.Float32);

    public void Dispose() => _all.ForEach(t => t.Dispose());

    private Tensor Keep(CheckpointTensor tensor, long[] shape, ScalarType type)
    {
        float[] values = new float[tensor.ElementCount];
        tensor.CopyTo(values);
        using Tensor wide = torch.tensor(values, shape);
        Tensor kept = wide.to(type).DetachFromDisposeScope();
        _all.Add(kept);
        return kept;
    }
}
