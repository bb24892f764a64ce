using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>The tensors of a sparse attention, all (C, C). They may be <see cref="TensorType.I8"/> with a <see cref="CheckpointTensor.Scale"/>.</summary>
/// <param name="Receptance">To queries.</param>
/// <param name="Key">To keys.</param>
/// <param name="Value">To values.</param>
/// <param name="Output">Back to the residual stream.</param>
public sealed record SparseAttentionTensors(CheckpointTensor Receptance, CheckpointTensor Key, CheckpointTensor Value, CheckpointTensor Output);
