using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Optimization;
using RwkvX.AI.Training.Plans;
using RwkvX.AI.Training.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Benchmarks;

/// <summary>Measures training steps of a random model on random tokens, and each of their operators alone.</summary>
internal sealed class StepBench : IDisposable
{
    private const int WarmUp = 2;

    private readonly StepBenchOptions _options;
    private readonly DeviceClock _clock;
    private readonly TrainableModel _model;
    private readonly Weights _weights;
    private readonly BatchGradient _gradient;
    private readonly OperatorBench _operators;
    private readonly Optimizer? _optimizer;

    /// <param name="options">What to measure.</param>
    public StepBench(StepBenchOptions options)
    {
        (_options, _clock) = (options, new DeviceClock(options.Device));
        _model = RandomModel(options);
        Operators operators = Operators.For(options.Config, options.Device);
        _weights = new Weights(_model, options.Compute);
        Network network = new(options.Config, _model.Prefix, _weights, operators);
        StagePlan stage = new()
        {
            Name = "bench",
            Length = options.Length,
            Batch = options.Batch,
            Tokens = options.Tokens,
            LearningRate = 0,
            FinalLearningRate = 0,
            RecomputeShare = options.RecomputeShare,
            Data = [],
        };
        _gradient = new BatchGradient(network, stage, options.Device);
        _operators = new OperatorBench(options, _clock, _model, _weights, operators, network, _gradient);
        if (options.Optimizer) _optimizer = new Optimizer(_model.Parameters, new OptimizerPlan(), operators.Kernels);
    }

    /// <summary>Measures everything.</summary>
    public StepBenchFigures Run(CancellationToken cancellationToken)
    {
        TrainingBatch batch = RandomBatch();
        List<double> gradients = [], steps = [];
        for (int i = 0; i < WarmUp + _options.Steps; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double gradient = _clock.Time(() => Gradient(batch)), step = _optimizer is null ? 0 : _clock.Time(OptimizerStep);
            if (i < WarmUp) continue;
            gradients.Add(gradient);
            steps.Add(step);
        }

        _model.ZeroGradients();
        long peak = PeakBytes();
        double gradientSeconds = DeviceClock.Median(gradients), optimizerSeconds = DeviceClock.Median(steps);
        long counted = _model.ParameterCount - _model[_model.Prefix + "emb.weight"].numel();
        return new StepBenchFigures
        {
            Batch = _options.Batch,
            Length = _options.Length,
            Parameters = _model.ParameterCount,
            GradientSeconds = gradientSeconds,
            OptimizerSeconds = optimizerSeconds,
            TokensPerSecond = _options.Tokens / (gradientSeconds + optimizerSeconds),
            ModelFlops = 6.0 * counted * _options.Tokens / gradientSeconds,
            PeakFlops = PeakFlops(),
            PeakBytes = peak,
            Operators = _operators.Run(WarmUp, cancellationToken),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer?.Dispose();
        _weights.Dispose();
        _model.Dispose();
    }

    private void Gradient(TrainingBatch batch)
    {
        _model.ZeroGradients();
        using Tensor loss = _gradient.Add(batch, batch.WeightSum);
        loss.item<float>();
    }

    private void OptimizerStep()
    {
        _optimizer!.Step(1e-6, _optimizer.GradientNorm());
        _weights.Update();
    }

    /// <summary>Outputs of a fresh model are zero, and gradients behind them with them: here they are small numbers.</summary>
    private static TrainableModel RandomModel(StepBenchOptions options)
    {
        using TrainableModel fresh = Initialization.Create(options.Config, 1);
        TrainableModel model = new(options.Config, fresh.Prefix);
        Generator generator = new(2);
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor values) in fresh.Parameters)
            model.Add(name, values.detach().Plus(randn(values.shape, generator: generator).Times(0.01)).to(options.Device));
        return model;
    }

    private TrainingBatch RandomBatch()
    {
        Random random = new(1);
        long[] ids = [.. Enumerable.Range(0, (int)_options.Tokens + 1).Select(_ => (long)random.Next(_options.Config.VocabSize))];
        float[] weights = new float[_options.Tokens];
        Array.Fill(weights, 1f);
        return new TrainingBatch(ids[..^1], ids[1..], weights, _options.Batch);
    }

    private long PeakBytes()
    {
        if (_options.Device.type != DeviceType.CUDA) return System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64;
        using CudaDevice device = new(0, null);
        (long free, long total) = device.Memory();
        return total - free;
    }

    private double PeakFlops()
    {
        using DisposeScope scope = NewDisposeScope();
        long n = _options.PeakSize;
        Tensor a = randn(n, n, device: _options.Device).to(_options.Compute), b = randn(n, n, device: _options.Device).to(_options.Compute);
        double[] times = new double[WarmUp + 10];
        for (int i = 0; i < times.Length; i++) times[i] = _clock.Time(() => a.matmul(b).Dispose());
        return 2.0 * n * n * n / DeviceClock.Median(times.Skip(WarmUp));
    }
}
