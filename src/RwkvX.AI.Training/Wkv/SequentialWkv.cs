using RwkvX.AI.Torch.Eager;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Wkv;

/// <summary>The recurrence one token after the other, as the paper writes it: the form that all others are tested against.</summary>
internal static class SequentialWkv
{
    /// <summary>y (B, T, H, N) from r, ln w, k, v, a, b of the same shape.</summary>
    public static Tensor Forward(Tensor r, Tensor logW, Tensor k, Tensor v, Tensor a, Tensor b)
    {
        (long B, long T, long H, long N) = (r.shape[0], r.shape[1], r.shape[2], r.shape[3]);
        Tensor S = zeros(B, H, N, N, r.dtype, r.device); // rows = value index, columns = key index
        Tensor w = logW.exp();
        List<Tensor> y = [];
        for (long t = 0; t < T; t++)
        {
            Tensor Row(Tensor x) => x.select(1, t).unsqueeze(-2);    // (B, H, 1, N)
            Tensor Column(Tensor x) => x.select(1, t).unsqueeze(-1); // (B, H, N, 1)
            S = (S * Row(w)).Plus(S.matmul(Column(a)).matmul(Row(b))).Plus(Column(v).matmul(Row(k)));
            y.Add(S.matmul(Column(r)).squeeze(-1));
        }

        return stack(y, 1);
    }
}
