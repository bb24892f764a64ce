using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A channel mix with the norm before it.</summary>
internal sealed unsafe class ChannelMixWeights(LayerNormTensors ln2, ChannelMixTensors tensors, Precision precision) : IDisposable
{
    private readonly NativeBuffer _mu = Vectors.From(tensors.Xk);

    public NormWeights Ln2 { get; } = new(ln2);

    /// <summary>(C) token shift.</summary>
    public float* Mu => _mu.Data;

    /// <summary>(4C, C)</summary>
    public WeightMatrix Key { get; } = WeightMatrix.From(tensors.Key, tensors.Key.Scale, precision);

    /// <summary>(C, 4C)</summary>
    public WeightMatrix Value { get; } = WeightMatrix.From(tensors.Value, tensors.Value.Scale, precision);

    /// <summary>Bytes that a step reads.</summary>
    public long Bytes => Key.ByteLength + Value.ByteLength;

    public void Dispose()
    {
        _mu.Dispose();
        Ln2.Dispose();
        Key.Dispose();
        Value.Dispose();
    }
}
