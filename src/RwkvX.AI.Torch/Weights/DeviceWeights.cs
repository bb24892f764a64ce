using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Torch.Weights;

/// <summary>A model's weights on the device.</summary>
internal sealed class DeviceWeights
{
    private readonly WeightArena _arena;

    /// <summary>Loads from a checkpoint into an arena that is to outlive this.</summary>
    public DeviceWeights(WeightArena arena, ModelTensors tensors)
    {
        _arena = arena;
        Embedding = tensors.Embedding.Type == TensorType.I8 ? throw new ArgumentException($"{tensors.Embedding.Name}: expected a floating-point embedding, found I8") : arena.AsStored(tensors.Embedding);
        Ln0 = Norm(tensors.Ln0);
        (long bytes, long elements) = (arena.Bytes, arena.MatrixElements);
        Rwkv = [.. tensors.RwkvLayers.Select(Load)];
        Sparse = [.. tensors.SparseLayers.Select(Load)];
        LnOut = Norm(tensors.LnOut);
        Head = arena.Large(tensors.Head);
        (StepBytes, StepElements) = (arena.Bytes - bytes, arena.MatrixElements - elements);
        arena.Finish();
    }

    public ulong Embedding { get; }

    public LayerNormWeights Ln0 { get; }

    public IReadOnlyList<RwkvLayerWeights> Rwkv { get; }

    public IReadOnlyList<SparseLayerWeights> Sparse { get; }

    public LayerNormWeights LnOut { get; }

    public MatrixWeights Head { get; }

    /// <summary>Bytes that a decoding step reads once: all but the embedding.</summary>
    public long StepBytes { get; }

    /// <summary>Elements of all matrices that a token is multiplied by.</summary>
    public long StepElements { get; }

    /// <summary>All bytes.</summary>
    public long Bytes => _arena.Bytes;

    private LayerNormWeights Norm(LayerNormTensors norm) => new(_arena.Vector(norm.Weight), _arena.Vector(norm.Bias));

    private ChannelMixWeights Load(LayerNormTensors norm, ChannelMixTensors mix)
        => new(Norm(norm), _arena.Vector(mix.Xk), _arena.Large(mix.Key), _arena.LargeTransposed(mix.Value));

    private SparseLayerWeights Load(SparseLayerTensors layer) => new(
        Norm(layer.Ln1),
        _arena.Large(layer.Attention.Receptance, layer.Attention.Key, layer.Attention.Value),
        _arena.Large(layer.Attention.Output),
        Load(layer.Ln2, layer.ChannelMix));

    private RwkvLayerWeights Load(RwkvLayerTensors layer)
    {
        TimeMixTensors t = layer.TimeMix;
        return new RwkvLayerWeights
        {
            Norm = Norm(layer.Ln1),
            Xr = _arena.Vector(t.Xr),
            Xw = _arena.Vector(t.Xw),
            Xk = _arena.Vector(t.Xk),
            Xv = _arena.Vector(t.Xv),
            Xa = _arena.Vector(t.Xa),
            Xg = _arena.Vector(t.Xg),
            Receptance = _arena.Large(t.Receptance),
            Key = _arena.Large(t.Key),
            Value = _arena.Large(t.Value),
            Output = _arena.Large(t.Output),
            W0 = _arena.Vector(t.W0),
            W1 = _arena.Transposed(t.W1),
            W2 = _arena.Matrix(t.W2),
            A0 = _arena.Vector(t.A0),
            A1 = _arena.Transposed(t.A1),
            A2 = _arena.Matrix(t.A2),
            V0 = t.V0 is null ? 0 : _arena.Vector(t.V0),
            V1 = t.V1 is null ? 0 : _arena.Transposed(t.V1),
            V2 = t.V2 is null ? 0 : _arena.Matrix(t.V2),
            G1 = _arena.Transposed(t.G1),
            G2 = _arena.Matrix(t.G2),
            Kk = _arena.Vector(t.Kk),
            Ka = _arena.Vector(t.Ka),
            Rk = _arena.Vector(t.Rk),
            GroupNorm = Norm(t.LnX),
            ChannelMix = Load(layer.Ln2, layer.ChannelMix),
        };
    }
}
