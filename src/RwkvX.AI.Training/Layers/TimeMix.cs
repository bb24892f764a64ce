using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The time mix of an RWKV-7 layer: the generalised delta rule over a state of fixed size.</summary>
internal static class TimeMix
{
    private const double DecayScale = 0.6065306597126334; // exp(-0.5)
    private const double GroupNormEps = 64e-5;

    /// <summary>Computes it for whole sequences from empty states.</summary>
    /// <param name="weights">The parameters.</param>
    /// <param name="att">Their names' beginning, <c>…blocks.{i}.att.</c></param>
    /// <param name="h">(B, T, C) after the layer norm.</param>
    /// <param name="vFirst">(B, T, C) the values of layer 0; null in layer 0 itself.</param>
    /// <param name="wkv">The recurrence: r, log w, k, v, a, b (B, T, H, N) → y (B, T, H, N).</param>
    /// <returns>What is added to x, and the values of layer 0.</returns>
    public static (Tensor Y, Tensor VFirst) Forward(Weights weights, string att, Tensor h, Tensor? vFirst, WkvForm wkv)
    {
        (long B, long T, long C) = (h.shape[0], h.shape[1], h.shape[2]);
        long H = weights.F32(att + "r_k").shape[0], N = C / H;
        Tensor delta = TokenShift.Delta(h);
        Tensor Mix(string c) => addcmul(h, delta, weights[att + "x_" + c], Scalars.One);
        Tensor LowRank(Tensor x, string kind, Func<Tensor, Tensor>? f = null)
        {
            Tensor inner = x.matmul(weights[att + kind + "1"]);
            return (f is null ? inner : f(inner)).matmul(weights[att + kind + "2"]);
        }

        Tensor Gate(Tensor x, string kind, Func<Tensor, Tensor>? f = null) =>
            sigmoid(weights.F32(att + kind + "0").Plus(LowRank(x, kind, f).to(ScalarType.Float32)));
        Tensor Heads(Tensor x) => x.to(ScalarType.Float32).view(B, T, H, N);

        Tensor xv = Mix("v");
        Tensor r = weights.Linear(Mix("r"), att + "receptance.weight");
        Tensor k = weights.Linear(Mix("k"), att + "key.weight").to(ScalarType.Float32);
        Tensor v = weights.Linear(xv, att + "value.weight");
        Tensor logW = -DecayScale * Gate(Mix("w"), "w", tanh); // ln w
        Tensor a = Gate(Mix("a"), "a");
        Tensor g = LowRank(Mix("g"), "g", sigmoid);
        if (vFirst is not null) v = v.Plus((vFirst - v) * Gate(xv, "v").to(v.dtype));

        Tensor kappa = Heads(k * weights.F32(att + "k_k").view(-1));
        kappa = kappa / kappa.norm(-1, keepdim: true).AtLeast(1e-12);
        k = k.Plus(k * a.sub(Scalars.One) * weights.F32(att + "k_a").view(-1));

        Tensor rH = Heads(r), kH = Heads(k), vH = Heads(v);
        Tensor y = wkv(rH, Heads(logW), kH, vH, -kappa, kappa * Heads(a)); // (B, T, H, N)
        y = GroupNorm(y, weights.F32(att + "ln_x.weight"), weights.F32(att + "ln_x.bias"));
        y = y.Plus((rH * kH * weights.F32(att + "r_k")).sum(-1, keepdim: true) * vH);
        y = weights.Linear(y.reshape(B, T, C).to(weights.Compute) * g, att + "output.weight");
        return (y, vFirst ?? v);
    }

    private static Tensor GroupNorm(Tensor y, Tensor weight, Tensor bias)
    {
        (long H, long N) = (y.shape[2], y.shape[3]);
        return (nn.functional.layer_norm(y, [N], eps: GroupNormEps) * weight.view(H, N)).Plus(bias.view(H, N));
    }
}
