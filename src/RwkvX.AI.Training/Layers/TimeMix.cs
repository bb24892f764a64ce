using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The time mix of an RWKV-7 layer with the norm in front: the generalised delta rule over a state of fixed size.</summary>
internal static class TimeMix
{
    /// <summary>Computes it for whole sequences from empty states.</summary>
    /// <param name="weights">The parameters.</param>
    /// <param name="block">Their names' beginning, <c>…blocks.{i}.</c></param>
    /// <param name="x">(B, T, C) the residual stream.</param>
    /// <param name="vFirst">(B, T, C) the values of layer 0; null in layer 0 itself.</param>
    /// <param name="operators">The forms of the recurrence and of what lies around it.</param>
    /// <returns>What is added to x, and the values of layer 0.</returns>
    public static (Tensor Y, Tensor VFirst) Forward(Weights weights, string block, Tensor x, Tensor? vFirst, Operators operators)
    {
        string att = block + "att.";
        ElementwiseForms forms = operators.Elementwise;
        Tensor P(string name) => weights.F32(att + name);
        Tensor LowRank(Tensor mixed, string kind, Func<Tensor, Tensor>? f = null)
        {
            Tensor inner = mixed.matmul(weights[att + kind + "1"]);
            return (f is null ? inner : f(inner)).matmul(weights[att + kind + "2"]);
        }

        Tensor[] mix = [P("x_r"), P("x_w"), P("x_k"), P("x_v"), P("x_a"), P("x_g")];
        (_, Tensor[] mixed) = forms.ShiftMix(x, null, weights.F32(block + "ln1.weight"), weights.F32(block + "ln1.bias"), mix, weights.Compute);
        (Tensor xr, Tensor xw, Tensor xk, Tensor xv, Tensor xa, Tensor xg) = (mixed[0], mixed[1], mixed[2], mixed[3], mixed[4], mixed[5]);

        Tensor r = weights.Linear(xr, att + "receptance.weight"), k = weights.Linear(xk, att + "key.weight"), v = weights.Linear(xv, att + "value.weight");
        WkvOperands o = forms.WkvOperands(new WkvInputs(
            r, k, v, LowRank(xw, "w", tanh), LowRank(xa, "a"), P("w0"), P("a0"), P("k_k"), P("k_a"), P("r_k"),
            vFirst is null ? null : new ValueResidual(vFirst, LowRank(xv, "v"), P("v0"))));

        Tensor y = operators.Wkv(o.R, o.LogW, o.K, o.V, o.A, o.B); // (B, T, H, N)
        y = forms.WkvResult(y, o, P("ln_x.weight"), P("ln_x.bias"), LowRank(xg, "g", sigmoid));
        return (weights.Linear(y, att + "output.weight"), vFirst ?? v);
    }
}
