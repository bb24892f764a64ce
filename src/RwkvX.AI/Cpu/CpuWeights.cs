using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A model's weights as the CPU engine reads them: matrices in their 16- or 8-bit form, vectors in single precision.</summary>
/// <remarks>Matrices that are kept as stored are views of the checkpoint.</remarks>
internal sealed class CpuWeights : IDisposable
{
    public CpuWeights(ModelTensors tensors, Precision precision)
    {
        Config = tensors.Config;
        Embedding = tensors.Embedding;
        Ln0 = new NormWeights(tensors.Ln0);
        LnOut = new NormWeights(tensors.LnOut);
        Head = WeightMatrix.From(tensors.Head, tensors.Head.Scale, precision);
        TimeMixes = [.. tensors.RwkvLayers.Select(layer => new TimeMixWeights(layer.Ln1, layer.TimeMix, precision))];
        ChannelMixes = [.. tensors.RwkvLayers.Select(layer => new ChannelMixWeights(layer.Ln2, layer.ChannelMix, precision))];
        Attentions = [.. tensors.SparseLayers.Select(layer => new SparseAttentionWeights(layer.Ln1, layer.Attention, precision))];
        SparseChannelMixes = [.. tensors.SparseLayers.Select(layer => new ChannelMixWeights(layer.Ln2, layer.ChannelMix, precision))];
    }

    public RwkvXConfig Config { get; }

    /// <summary>(V, C) as stored; widened a row at a time.</summary>
    public CheckpointTensor Embedding { get; }

    public NormWeights Ln0 { get; }

    public NormWeights LnOut { get; }

    /// <summary>(V, C)</summary>
    public WeightMatrix Head { get; }

    /// <summary>(L)</summary>
    public TimeMixWeights[] TimeMixes { get; }

    /// <summary>(L)</summary>
    public ChannelMixWeights[] ChannelMixes { get; }

    /// <summary>(M)</summary>
    public SparseAttentionWeights[] Attentions { get; }

    /// <summary>(M)</summary>
    public ChannelMixWeights[] SparseChannelMixes { get; }

    /// <summary>Bytes of the matrices that a decoding step reads once.</summary>
    public long StepBytes => Head.ByteLength + TimeMixes.Sum(w => w.Bytes) + ChannelMixes.Sum(w => w.Bytes)
        + Attentions.Sum(w => w.Bytes) + SparseChannelMixes.Sum(w => w.Bytes);

    public void Dispose()
    {
        Ln0.Dispose();
        LnOut.Dispose();
        Head.Dispose();
        Array.ForEach(TimeMixes, w => w.Dispose());
        Array.ForEach(ChannelMixes, w => w.Dispose());
        Array.ForEach(Attentions, w => w.Dispose());
        Array.ForEach(SparseChannelMixes, w => w.Dispose());
    }
}
