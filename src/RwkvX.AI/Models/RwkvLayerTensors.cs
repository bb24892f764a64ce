namespace RwkvX.AI.Models;

/// <summary>The tensors of one RWKV-7 layer.</summary>
/// <param name="Ln1">Before the time mix.</param>
/// <param name="Ln2">Before the channel mix.</param>
/// <param name="TimeMix">The time mix.</param>
/// <param name="ChannelMix">The channel mix.</param>
public sealed record RwkvLayerTensors(LayerNormTensors Ln1, LayerNormTensors Ln2, TimeMixTensors TimeMix, ChannelMixTensors ChannelMix);
