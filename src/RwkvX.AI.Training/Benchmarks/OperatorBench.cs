using RwkvX.AI.Models;
using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Runs;
using TorchSharp;
using static TorchSharp.torch;
using ChannelMix = RwkvX.AI.Training.Layers.ChannelMix;

namespace RwkvX.AI.Training.Benchmarks;

/// <summary>Measures each operator of a training step alone, on random tensors of the step's shape.</summary>
/// <param name="options">Sizes and place.</param>
/// <param name="clock">Of that place.</param>
/// <param name="model">The masters.</param>
/// <param name="weights">The same, as layers use them.</param>
/// <param name="operators">The forms in use.</param>
/// <param name="network">Has the embedding.</param>
/// <param name="gradient">Has the head with its loss.</param>
internal sealed class OperatorBench(
    StepBenchOptions options, DeviceClock clock, TrainableModel model, Weights weights, Operators operators, Network network, BatchGradient gradient)
{
    private readonly RwkvXConfig _config = options.Config;
    private readonly List<OperatorTime> _times = [];

    private (long B, long T, long C) Shape => (options.Batch, options.Length, _config.EmbeddingSize);

    /// <summary>Measures them all: what a step consists of, and, counted 0 times, parts of those.</summary>
    public IReadOnlyList<OperatorTime> Run(int warmUp, CancellationToken cancellationToken)
    {
        (long B, long T, long C) = Shape;
        int rwkv = _config.LayerCount, sparse = _config.SparseLayerCount, layers = rwkv + sparse;
        string block = model.Prefix + "blocks.0.", att = block + "att.", ffn = block + "ffn.";
        void Add(string name, int count, Tensor[] inputs, Func<Tensor[], Tensor> forward)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _times.Add(Measure(name, count, warmUp, inputs, forward));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor[] h = [Draw(B, T, C).to(options.Compute)], x = [Draw(B, T, C)];
        Add("time mix", rwkv, x, i => TimeMix.Forward(weights, block, i[0], null, operators).Y);
        Add("channel mix", layers, [.. x, .. h], i => ChannelMix.Forward(weights, block, i[0], i[1], operators.Elementwise));
        if (sparse > 0) Add("sparse attention with its products", sparse, h, i => SparseAttention.Forward(weights, "moba.0.att.", i[0], operators.Attend));
        Add("layer norm", sparse + 1, x, i => Mixes(i[0], block, ""));
        Tensor tokens = randint(_config.VocabSize, [B, T], dtype: ScalarType.Int64, device: options.Device);
        Add("embedding", 1, [], _ => network.Embed(tokens));
        _times.Add(Head(warmUp, Draw(B, T, C), tokens));

        Add("recurrence", 0, WkvInputs(), i => operators.Wkv(i[0], i[1], i[2], i[3], i[4], i[5]));
        if (sparse > 0) Add("attention", 0, [.. Enumerable.Range(0, 3).Select(_ => Draw(B, C / 64, T, 64).to(options.Compute))], i => operators.Attend(i[0], i[1], i[2]));
        Add("layer norm, token shift and six mixes", 0, x, i => Mixes(i[0], block, "rwkvag"));
        Add("product C to C", 0, h, i => weights.Linear(i[0], att + "receptance.weight"));
        Add("product C to 4C", 0, h, i => weights.Linear(i[0], ffn + "key.weight"));
        Add("product 4C to C", 0, [Draw(B, T, 4 * C).to(options.Compute)], i => weights.Linear(i[0], ffn + "value.weight"));
        Add("low-rank pair", 0, h, i => i[0].matmul(weights[att + "w1"]).matmul(weights[att + "w2"]));
        if (weights.Compute != ScalarType.Float32)
            _times.Add(new OperatorTime("weights in the type of products, after the optimizer", 0, Median(warmUp, weights.Update), 0));
        return _times;
    }

    private OperatorTime Measure(string name, int count, int warmUp, Tensor[] inputs, Func<Tensor[], Tensor> forward)
    {
        List<double> forwards = [], backwards = [];
        for (int i = 0; i < warmUp + options.Steps; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor[] leaves = [.. inputs.Select(input => input.detach().requires_grad_(true))];
            Tensor y = null!;
            double there = clock.Time(() => y = forward(leaves));
            Tensor dy = randn_like(y.detach());
            double back = clock.Time(() => y.backward([dy]));
            model.ZeroGradients();
            if (i < warmUp) continue;
            forwards.Add(there);
            backwards.Add(back);
        }

        return new OperatorTime(name, count, DeviceClock.Median(forwards), DeviceClock.Median(backwards));
    }

    private OperatorTime Head(int warmUp, Tensor x, Tensor targets)
    {
        Tensor ones = ones_like(targets, ScalarType.Float32);
        return new OperatorTime("head and loss, with their backward", 1, Median(warmUp, () => gradient.Head(x, targets, ones)), 0);
    }

    private double Median(int warmUp, Action run)
    {
        List<double> times = [];
        for (int i = 0; i < warmUp + options.Steps; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            double time = clock.Time(run);
            model.ZeroGradients();
            if (i >= warmUp) times.Add(time);
        }

        return DeviceClock.Median(times);
    }

    private Tensor Mixes(Tensor x, string block, string letters) => cat(operators.Elementwise.ShiftMix(
        x, null, model[block + "ln1.weight"], model[block + "ln1.bias"], [.. letters.Select(c => model[$"{block}att.x_{c}"])], options.Compute).Mixed);

    /// <summary>r, ln w, k, v, a = −κ, b with unit κ and gates between 0 and 1.</summary>
    private Tensor[] WkvInputs()
    {
        Tensor Heads() => Draw(options.Batch, options.Length, _config.HeadCount, _config.HeadSize);
        Tensor kappa = nn.functional.normalize(Heads(), dim: -1);
        return [Heads(), sigmoid(Heads()).Times(-0.6065306597), Heads(), Heads(), -kappa, kappa * sigmoid(Heads())];
    }

    private Tensor Draw(params long[] shape) => randn(shape, device: options.Device);
}
