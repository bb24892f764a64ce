using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>An RWKV-7 layer, as it is written down in the paper.</summary>
internal sealed class RwkvLayer
{
    private readonly NormWeights _ln1, _ln2, _lnX;
    private readonly Tensor _xr, _xw, _xk, _xv, _xa, _xg, _w0, _w1, _w2, _a0, _a1, _a2, _g1, _g2, _kk, _ka, _rk;
    private readonly Tensor _receptance, _key, _value, _output;
    private readonly Tensor? _v0, _v1, _v2;
    private readonly ChannelMix _channelMix;
    private readonly int _heads, _headSize;

    public RwkvLayer(TorchWeights weights, RwkvLayerTensors layer)
    {
        TimeMixTensors t = layer.TimeMix;
        (_heads, _headSize) = (weights.Config.HeadCount, weights.Config.HeadSize);
        (_ln1, _ln2, _lnX) = (weights.Norm(layer.Ln1), weights.Norm(layer.Ln2), weights.Norm(t.LnX));
        Tensor Vector(CheckpointTensor tensor) => weights.Vector(tensor);
        Tensor Matrix(CheckpointTensor tensor) => weights.Matrix(tensor);
        (_xr, _xw, _xk, _xv, _xa, _xg) = (Vector(t.Xr), Vector(t.Xw), Vector(t.Xk), Vector(t.Xv), Vector(t.Xa), Vector(t.Xg));
        (_w0, _w1, _w2) = (Vector(t.W0), Matrix(t.W1), Matrix(t.W2));
        (_a0, _a1, _a2) = (Vector(t.A0), Matrix(t.A1), Matrix(t.A2));
        if (t.V0 is not null && t.V1 is not null && t.V2 is not null)
            (_v0, _v1, _v2) = (Vector(t.V0), Matrix(t.V1), Matrix(t.V2));
        (_g1, _g2) = (Matrix(t.G1), Matrix(t.G2));
        (_kk, _ka, _rk) = (Vector(t.Kk), Vector(t.Ka), Vector(t.Rk));
        (_receptance, _key, _value, _output) = (Matrix(t.Receptance), Matrix(t.Key), Matrix(t.Value), Matrix(t.Output));
        _channelMix = new ChannelMix(weights, layer.ChannelMix);
    }

    /// <param name="x">(T, C) the residual stream.</param>
    /// <param name="state">The layer's state, replaced.</param>
    /// <param name="vFirst">(T, C) the values of layer 0, which sets it.</param>
    public Tensor Forward(Tensor x, RwkvLayerState state, ref Tensor? vFirst)
    {
        x = x.Plus(TimeMix(_ln1.Layer(x), state, ref vFirst));
        return x.Plus(_channelMix.Forward(_ln2.Layer(x), ref state.FfnXPrev));
    }

    private Tensor TimeMix(Tensor h, RwkvLayerState state, ref Tensor? vFirst)
    {
        Tensor delta = TokenShift.Delta(h, state.AttXPrev);
        state.AttXPrev = TokenShift.Last(h);
        Tensor r = TorchWeights.Linear(h.Plus(delta * _xr), _receptance);
        Tensor k = TorchWeights.Linear(h.Plus(delta * _xk), _key);
        Tensor v = TorchWeights.Linear(h.Plus(delta * _xv), _value);
        Tensor w = exp(sigmoid(_w0.Plus(TorchWeights.LowRank(TorchWeights.LowRank(h.Plus(delta * _xw), _w1).tanh(), _w2))).mul(Scalars.DecayScale));
        Tensor a = sigmoid(_a0.Plus(TorchWeights.LowRank(TorchWeights.LowRank(h.Plus(delta * _xa), _a1), _a2)));
        Tensor g = TorchWeights.LowRank(TorchWeights.LowRank(h.Plus(delta * _xg), _g1).sigmoid(), _g2);
        if (_v0 is null || _v1 is null || _v2 is null || vFirst is null)
            vFirst = v;
        else
            v = v.Plus((vFirst - v) * sigmoid(_v0.Plus(TorchWeights.LowRank(TorchWeights.LowRank(h.Plus(delta * _xv), _v1), _v2))));

        Tensor Heads(Tensor t) => t.view(-1, _heads, _headSize); // (T, H, N)
        Tensor kappa = Heads(k * _kk);
        kappa = kappa / (kappa * kappa).sum(-1, keepdim: true).sqrt().clamp_min(Scalars.LeastNorm);
        k = k.Plus(k * a.sub(Scalars.One) * _ka);
        Tensor y = Wkv(Heads(r), Heads(w), Heads(k), Heads(v), kappa, Heads(a), state);
        Tensor bonus = (Heads(r) * Heads(k) * _rk.view(_heads, _headSize)).sum(-1, keepdim: true) * Heads(v);
        y = _lnX.Group(y.view(-1, _heads * _headSize), _heads).Plus(bonus.view(-1, _heads * _headSize));
        return TorchWeights.Linear(y * g, _output);
    }

    /// <summary>S ← S·diag(w) + (S·(−κ))·(κ·a)ᵀ + v·kᵀ and y = S·r, token after token; all (T, H, N).</summary>
    private static Tensor Wkv(Tensor r, Tensor w, Tensor k, Tensor v, Tensor kappa, Tensor a, RwkvLayerState state)
    {
        Tensor b = kappa * a, away = -kappa;
        Tensor[] y = new Tensor[r.shape[0]];
        Tensor s = state.Wkv; // (H, N, N) rows = value index, columns = key index
        for (int t = 0; t < y.Length; t++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor dot = s.matmul(away[t].unsqueeze(-1)); // (H, N, 1)
            s = (s * w[t].unsqueeze(1)).Plus(dot * b[t].unsqueeze(1)).Plus(v[t].unsqueeze(-1) * k[t].unsqueeze(1));
            y[t] = s.matmul(r[t].unsqueeze(-1)).squeeze(-1).MoveToOuterDisposeScope();
            s.MoveToOuterDisposeScope();
        }

        state.Wkv = s;
        return stack(y, 0);
    }
}
