using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A sparse attention with the norm before it.</summary>
internal sealed class SparseAttentionWeights(LayerNormTensors ln1, SparseAttentionTensors tensors, Precision precision) : IDisposable
{
    public NormWeights Ln1 { get; } = new(ln1);

    public WeightMatrix Query { get; } = WeightMatrix.From(tensors.Receptance, tensors.Receptance.Scale, precision);

    public WeightMatrix Key { get; } = WeightMatrix.From(tensors.Key, tensors.Key.Scale, precision);

    public WeightMatrix Value { get; } = WeightMatrix.From(tensors.Value, tensors.Value.Scale, precision);

    public WeightMatrix Output { get; } = WeightMatrix.From(tensors.Output, tensors.Output.Scale, precision);

    /// <summary>Bytes that a step reads.</summary>
    public long Bytes => Query.ByteLength + Key.ByteLength + Value.ByteLength + Output.ByteLength;

    public void Dispose()
    {
        Ln1.Dispose();
        Query.Dispose();
        Key.Dispose();
        Value.Dispose();
        Output.Dispose();
    }
}
