namespace RwkvX.AI.Models;

/// <summary>The tensors of one sparse-attention layer.</summary>
/// <param name="Ln1">Before the attention.</param>
/// <param name="Ln2">Before the channel mix.</param>
/// <param name="Attention">The attention.</param>
/// <param name="ChannelMix">The channel mix.</param>
public sealed record SparseLayerTensors(LayerNormTensors Ln1, LayerNormTensors Ln2, SparseAttentionTensors Attention, ChannelMixTensors ChannelMix);
