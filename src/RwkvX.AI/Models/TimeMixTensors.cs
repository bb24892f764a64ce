using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>The tensors of a time mix. The (C, C) matrices may be <see cref="TensorType.I8"/> with a <see cref="CheckpointTensor.Scale"/>.</summary>
/// <remarks>The low-rank pairs have a rank r of their own for each kind and layer.</remarks>
public sealed record TimeMixTensors
{
    /// <summary>(1, 1, C) token shift of the receptance.</summary>
    public required CheckpointTensor Xr { get; init; }

    /// <summary>(1, 1, C) token shift of the decay.</summary>
    public required CheckpointTensor Xw { get; init; }

    /// <summary>(1, 1, C) token shift of the keys.</summary>
    public required CheckpointTensor Xk { get; init; }

    /// <summary>(1, 1, C) token shift of the values.</summary>
    public required CheckpointTensor Xv { get; init; }

    /// <summary>(1, 1, C) token shift of the in-context learning rate.</summary>
    public required CheckpointTensor Xa { get; init; }

    /// <summary>(1, 1, C) token shift of the gate.</summary>
    public required CheckpointTensor Xg { get; init; }

    /// <summary>(1, 1, C) the decay's bias.</summary>
    public required CheckpointTensor W0 { get; init; }

    /// <summary>(C, r)</summary>
    public required CheckpointTensor W1 { get; init; }

    /// <summary>(r, C)</summary>
    public required CheckpointTensor W2 { get; init; }

    /// <summary>(1, 1, C) the in-context learning rate's bias.</summary>
    public required CheckpointTensor A0 { get; init; }

    /// <summary>(C, r)</summary>
    public required CheckpointTensor A1 { get; init; }

    /// <summary>(r, C)</summary>
    public required CheckpointTensor A2 { get; init; }

    /// <summary>(1, 1, C) the value residual's bias; null in layer 0, as V1 and V2.</summary>
    public CheckpointTensor? V0 { get; init; }

    /// <summary>(C, r)</summary>
    public CheckpointTensor? V1 { get; init; }

    /// <summary>(r, C)</summary>
    public CheckpointTensor? V2 { get; init; }

    /// <summary>(C, r) of the gate.</summary>
    public required CheckpointTensor G1 { get; init; }

    /// <summary>(r, C)</summary>
    public required CheckpointTensor G2 { get; init; }

    /// <summary>(1, 1, C)</summary>
    public required CheckpointTensor Kk { get; init; }

    /// <summary>(1, 1, C)</summary>
    public required CheckpointTensor Ka { get; init; }

    /// <summary>(H, N)</summary>
    public required CheckpointTensor Rk { get; init; }

    /// <summary>(C, C)</summary>
    public required CheckpointTensor Receptance { get; init; }

    /// <summary>(C, C)</summary>
    public required CheckpointTensor Key { get; init; }

    /// <summary>(C, C)</summary>
    public required CheckpointTensor Value { get; init; }

    /// <summary>(C, C)</summary>
    public required CheckpointTensor Output { get; init; }

    /// <summary>The group norm over the heads.</summary>
    public required LayerNormTensors LnX { get; init; }
}
