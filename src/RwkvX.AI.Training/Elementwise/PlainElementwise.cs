using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Layers;
using static TorchSharp.torch;
using TokenShift = RwkvX.AI.Training.Layers.TokenShift;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>What lies between the products of a layer, in plain operations: the forms that the kernels are tested against.</summary>
internal static class PlainElementwise
{
    private const double DecayScale = 0.6065306597126334; // exp(-0.5)
    private const double NormEps = 1e-5, GroupNormEps = 64e-5, LeastNorm = 1e-12;

    /// <summary>All of them.</summary>
    public static ElementwiseForms Forms { get; } = new(ShiftMix, Operands, Result, x => nn.functional.relu(x).square());

    private static (Tensor Sum, Tensor[] Mixed) ShiftMix(Tensor x, Tensor? added, Tensor weight, Tensor bias, Tensor[] mix, ScalarType compute)
    {
        Tensor sum = added is null ? x : x.Plus(added);
        Tensor h = nn.functional.layer_norm(sum, [sum.shape[^1]], weight, bias, NormEps).to(compute);
        if (mix.Length == 0) return (sum, [h]);
        Tensor delta = TokenShift.Delta(h);
        return (sum, [.. mix.Select(m => addcmul(h, delta, m.to(compute), Scalars.One))]);
    }

    private static WkvOperands Operands(WkvInputs inputs)
    {
        (long B, long T, long H, long N) = (inputs.R.shape[0], inputs.R.shape[1], inputs.RK.shape[0], inputs.RK.shape[1]);
        Tensor Gate(Tensor bias, Tensor low) => sigmoid(bias.Plus(low.to(ScalarType.Float32)));
        Tensor Heads(Tensor x) => x.to(ScalarType.Float32).view(B, T, H, N);

        Tensor k = inputs.K.to(ScalarType.Float32), v = inputs.V;
        Tensor logW = -DecayScale * Gate(inputs.W0, inputs.LowW); // ln w
        Tensor a = Gate(inputs.A0, inputs.LowA);
        if (inputs.Residual is { } residual) v = v.Plus((residual.First - v) * Gate(residual.V0, residual.LowV).to(v.dtype));

        Tensor kappa = Heads(k * inputs.KK.view(-1));
        kappa = kappa / kappa.norm(-1, keepdim: true).AtLeast(LeastNorm);
        k = k.Plus(k * a.sub(Scalars.One) * inputs.KA.view(-1));

        Tensor rH = Heads(inputs.R), kH = Heads(k), vH = Heads(v);
        return new WkvOperands(rH, Heads(logW), kH, vH, -kappa, kappa * Heads(a), (rH * kH * inputs.RK).sum(-1, keepdim: true), vH);
    }

    private static Tensor Result(Tensor y, WkvOperands operands, Tensor weight, Tensor bias, Tensor gate)
    {
        (long H, long N) = (y.shape[2], y.shape[3]);
        y = (nn.functional.layer_norm(y, [N], eps: GroupNormEps) * weight.view(H, N)).Plus(bias.view(H, N));
        y = y.Plus(operands.Bonus * operands.BonusV);
        return y.reshape(gate.shape).to(gate.dtype) * gate;
    }
}
