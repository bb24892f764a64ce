using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>The tensors of a LayerNorm, or of the group norm <c>ln_x</c>.</summary>
/// <param name="Weight">(C)</param>
/// <param name="Bias">(C)</param>
public sealed record LayerNormTensors(CheckpointTensor Weight, CheckpointTensor Bias);
