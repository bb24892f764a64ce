using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>The tensors of a channel mix. Matrices may be <see cref="TensorType.I8"/> with a <see cref="CheckpointTensor.Scale"/>.</summary>
/// <param name="Xk">(1, 1, C) token shift of the keys.</param>
/// <param name="Key">(4C, C)</param>
/// <param name="Value">(C, 4C)</param>
public sealed record ChannelMixTensors(CheckpointTensor Xk, CheckpointTensor Key, CheckpointTensor Value);
