using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A norm's weight and bias, (C) f32 each.</summary>
internal sealed unsafe class NormWeights(LayerNormTensors tensors) : IDisposable
{
    private readonly NativeBuffer _weight = Vectors.From(tensors.Weight);
    private readonly NativeBuffer _bias = Vectors.From(tensors.Bias);

    public float* Weight => _weight.Data;

    public float* Bias => _bias.Data;

    public void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
    }
}
