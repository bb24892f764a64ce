using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>One way of computing the operands of the recurrence.</summary>
internal delegate WkvOperands WkvOperandsForm(WkvInputs inputs);

/// <summary>What the operands of the recurrence are made of: products (B, T, C) in the compute type, and parameters in F32.</summary>
/// <param name="R">Receptance.</param>
/// <param name="K">Key.</param>
/// <param name="V">Value.</param>
/// <param name="LowW">Of the decay's low-rank pair.</param>
/// <param name="LowA">Of the low-rank pair of the rate a.</param>
/// <param name="W0">C numbers.</param>
/// <param name="A0">C numbers.</param>
/// <param name="KK">k_k, C numbers.</param>
/// <param name="KA">k_a, C numbers.</param>
/// <param name="RK">r_k, (H, N).</param>
/// <param name="Residual">Null in layer 0.</param>
internal sealed record WkvInputs(
    Tensor R, Tensor K, Tensor V, Tensor LowW, Tensor LowA, Tensor W0, Tensor A0, Tensor KK, Tensor KA, Tensor RK, ValueResidual? Residual);

/// <summary>How values of layer 0 come into a later layer.</summary>
/// <param name="First">(B, T, C) the values of layer 0.</param>
/// <param name="LowV">(B, T, C) of the gate's low-rank pair.</param>
/// <param name="V0">C numbers, F32.</param>
internal sealed record ValueResidual(Tensor First, Tensor LowV, Tensor V0);

/// <summary>The operands of the recurrence, (B, T, H, N) each, and what passes it by.</summary>
/// <param name="R">r</param>
/// <param name="LogW">ln w, F32</param>
/// <param name="K">k</param>
/// <param name="V">v</param>
/// <param name="A">−κ</param>
/// <param name="B">κ·a</param>
/// <param name="Bonus">(B, T, H, 1) F32: Σ r·k·r_k over a head.</param>
/// <param name="BonusV">v once more: the gradients of its two uses come one by one.</param>
internal sealed record WkvOperands(Tensor R, Tensor LogW, Tensor K, Tensor V, Tensor A, Tensor B, Tensor Bonus, Tensor BonusV);
