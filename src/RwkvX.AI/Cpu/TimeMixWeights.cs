using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A time mix with the norm before it.</summary>
internal sealed unsafe class TimeMixWeights : IDisposable
{
    private readonly NativeBuffer _mu;
    private readonly NativeBuffer _gates; // (6, C): w0, a0, k_k, k_a, r_k, v0
    private readonly int _size;

    public TimeMixWeights(LayerNormTensors ln1, TimeMixTensors t, Precision precision)
    {
        _size = (int)t.W0.ElementCount;
        _mu = Vectors.From(t.Xr, t.Xw, t.Xk, t.Xv, t.Xa, t.Xg);
        _gates = t.V0 is null ? Vectors.From(t.W0, t.A0, t.Kk, t.Ka, t.Rk) : Vectors.From(t.W0, t.A0, t.Kk, t.Ka, t.Rk, t.V0);
        Ln1 = new NormWeights(ln1);
        LnX = new NormWeights(t.LnX);
        Receptance = WeightMatrix.From(t.Receptance, t.Receptance.Scale, precision);
        Key = WeightMatrix.From(t.Key, t.Key.Scale, precision);
        Value = WeightMatrix.From(t.Value, t.Value.Scale, precision);
        Output = WeightMatrix.From(t.Output, t.Output.Scale, precision);
        Decay = new LowRankWeights(t.W1, t.W2);
        Rate = new LowRankWeights(t.A1, t.A2);
        Gate = new LowRankWeights(t.G1, t.G2);
        ValueShare = t.V1 is null ? null : new LowRankWeights(t.V1, t.V2!);
    }

    public NormWeights Ln1 { get; }

    /// <summary>The group norm over the heads.</summary>
    public NormWeights LnX { get; }

    /// <summary>(6, C) token shifts of r, w, k, v, a, g.</summary>
    public float* Mu => _mu.Data;

    public float* W0 => _gates.Data;

    public float* A0 => _gates.Data + _size;

    public float* Kk => _gates.Data + (2 * _size);

    public float* Ka => _gates.Data + (3 * _size);

    public float* Rk => _gates.Data + (4 * _size);

    public float* V0 => _gates.Data + (5 * _size);

    public WeightMatrix Receptance { get; }

    public WeightMatrix Key { get; }

    public WeightMatrix Value { get; }

    public WeightMatrix Output { get; }

    /// <summary>w: the decay.</summary>
    public LowRankWeights Decay { get; }

    /// <summary>a: the in-context learning rate.</summary>
    public LowRankWeights Rate { get; }

    /// <summary>g: the gate.</summary>
    public LowRankWeights Gate { get; }

    /// <summary>The share of the first layer's value; null in that layer.</summary>
    public LowRankWeights? ValueShare { get; }

    /// <summary>The widest of the low ranks.</summary>
    public int LargestRank => Math.Max(Math.Max(Decay.Rank, Rate.Rank), Math.Max(Gate.Rank, ValueShare?.Rank ?? 0));

    /// <summary>Bytes that a step reads.</summary>
    public long Bytes => Receptance.ByteLength + Key.ByteLength + Value.ByteLength + Output.ByteLength
        + Decay.Bytes + Rate.Bytes + Gate.Bytes + (ValueShare?.Bytes ?? 0);

    public void Dispose()
    {
        _mu.Dispose();
        _gates.Dispose();
        Ln1.Dispose();
        LnX.Dispose();
        Receptance.Dispose();
        Key.Dispose();
        Value.Dispose();
        Output.Dispose();
        Decay.Dispose();
        Rate.Dispose();
        Gate.Dispose();
        ValueShare?.Dispose();
    }
}
