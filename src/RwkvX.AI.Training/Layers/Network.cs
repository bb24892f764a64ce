using RwkvX.AI.Models;
using RwkvX.AI.Training.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Layers;

/// <summary>The forward pass over whole sequences, differentiable. The residual stream stays in single precision.</summary>
/// <param name="config">The sizes.</param>
/// <param name="prefix">What the names of RWKV-7 layers begin with.</param>
/// <param name="weights">The parameters.</param>
/// <param name="operators">How all but the products is computed.</param>
/// <param name="forgetEvery">Tokens after which the RWKV layers begin anew, so that attention alone reaches further back; divides T. 0 for never, as the model is used.</param>
/// <param name="choice">The queries whose choice of chunks is trained; null for none.</param>
internal sealed class Network(RwkvXConfig config, string prefix, Weights weights, Operators operators, int forgetEvery = 0, IReadOnlyList<ChoiceRows>? choice = null)
{
    /// <summary>Layers of both kinds.</summary>
    public int LayerCount => config.LayerCount + config.SparseLayerCount;

    /// <summary>V, rows of the head.</summary>
    public int VocabSize => config.VocabSize;

    /// <summary>The same parameters with RWKV layers that forget.</summary>
    public Network Forgetting(int every) => new(config, prefix, weights, operators, every, choice);

    /// <summary>The same with a choice of chunks that is trained for the queries of one batch.</summary>
    /// <param name="answers">Places of the queries, b · T + t, ascending.</param>
    /// <param name="lossWeights">(B, T) how much each token's loss counts.</param>
    /// <param name="scale">How much the choice counts beside it.</param>
    public Network Choosing(IReadOnlyList<int> answers, Tensor lossWeights, double scale) =>
        new(config, prefix, weights, operators, forgetEvery, ChoiceRows.Of(answers, lossWeights, scale, config.MobaChunkSize));

    /// <summary>The logits after each token.</summary>
    /// <param name="tokens">(B, T) I64</param>
    /// <returns>(B, T, V) F32</returns>
    public Tensor Logits(Tensor tokens)
    {
        Tensor x = Embed(tokens);
        Tensor? vFirst = null;
        for (int layer = 0; layer < LayerCount; layer++)
            (x, vFirst) = Layer(layer, x, vFirst);
        return Head(x);
    }

    /// <summary>(B, T) → (B, T, C)</summary>
    public Tensor Embed(Tensor tokens)
    {
        Tensor x = weights.F32(prefix + "emb.weight").index(tokens); // its gradient is added in a fixed order, unlike that of index_select
        return nn.functional.layer_norm(x, [x.shape[^1]], weights.F32(prefix + "blocks.0.ln0.weight"), weights.F32(prefix + "blocks.0.ln0.bias"), 1e-5);
    }

    /// <summary>One layer of either kind, in the order of computation.</summary>
    /// <param name="index">0 to <see cref="LayerCount"/> − 1.</param>
    /// <param name="x">(B, T, C)</param>
    /// <param name="vFirst">(B, T, C) the values of layer 0; null before it.</param>
    public (Tensor X, Tensor? VFirst) Layer(int index, Tensor x, Tensor? vFirst)
    {
        using DisposeScope scope = NewDisposeScope();
        int run = config.SparseInterval + 1; // RWKV layers and the sparse one behind them
        if (config.SparseLayerCount > 0 && index % run == config.SparseInterval)
            return (SparseLayer($"moba.{index / run}.", x).MoveToOuterDisposeScope(), vFirst);
        (Tensor y, Tensor first) = RwkvLayer($"{prefix}blocks.{(config.SparseLayerCount > 0 ? index - (index / run) : index)}.", x, vFirst);
        return (y.MoveToOuterDisposeScope(), vFirst ?? first.MoveToOuterDisposeScope());
    }

    /// <summary>(…, C) → (…, V) F32</summary>
    public Tensor Head(Tensor x) => weights.Linear(Norm(x, prefix + "ln_out"), prefix + "head.weight").to(ScalarType.Float32);

    private (Tensor X, Tensor VFirst) RwkvLayer(string block, Tensor x, Tensor? vFirst)
    {
        long[] whole = x.shape;
        if (forgetEvery > 0) (x, vFirst) = (Spans(x), vFirst is null ? null : Spans(vFirst));
        (Tensor y, Tensor first) = TimeMix.Forward(weights, block, x, vFirst, operators);
        return (ChannelMix.Forward(weights, block, x, y, operators.Elementwise).view(whole), first.view(whole));

        Tensor Spans(Tensor values) => values.view(-1, forgetEvery, whole[^1]);
    }

    private Tensor SparseLayer(string layer, Tensor x)
    {
        Tensor y = SparseAttention.Forward(weights, layer + "att.", Norm(x, layer + "ln1"), operators.Attend, choice is { Count: > 0 } ? (carrier, q, k) => ChoiceLoss.Attach(carrier, q, k, choice, config.MobaChunkSize) : null);
        return ChannelMix.Forward(weights, layer, x, y, operators.Elementwise);
    }

    private Tensor Norm(Tensor x, string name) =>
        operators.Elementwise.ShiftMix(x, null, weights.F32(name + ".weight"), weights.F32(name + ".bias"), [], weights.Compute).Mixed[0];
}
