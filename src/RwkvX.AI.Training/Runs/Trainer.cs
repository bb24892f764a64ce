using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Tokenization;
using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Data;
using RwkvX.AI.Training.Distributed;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Models;
using RwkvX.AI.Training.Optimization;
using RwkvX.AI.Training.Plans;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Runs;

/// <summary>Follows a training plan from start to end, or on from the last checkpoint; going on gives the same bits on one device as not stopping.</summary>
public sealed class Trainer : IDisposable
{
    private readonly TrainingPlan _plan;
    private readonly string _directory;
    private readonly SequenceSources _sources;
    private readonly LowRankAdapter? _adapter;
    private readonly IKernelLauncher? _kernels;
    private readonly IProcessGroup _group;
    private Weights? _weights;
    private Optimizer? _optimizer;

    /// <summary>Opens or makes the model, and the last checkpoint in the directory where there is one.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="planFolder">What its paths are relative to.</param>
    /// <param name="directory">Where checkpoints, figures and the result go.</param>
    /// <param name="device">Where to compute; null for the CPU.</param>
    /// <exception cref="PlanException">The plan cannot be followed.</exception>
    /// <exception cref="CheckpointException">The model or the checkpoint cannot be read.</exception>
    public Trainer(TrainingPlan plan, string planFolder, string directory, Device? device = null)
        : this(plan, planFolder, directory, device, new SingleProcess())
    {
    }

    /// <summary>The same as one process of a group.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="planFolder">What its paths are relative to.</param>
    /// <param name="directory">Where checkpoints, figures and the result go, of the first process alone.</param>
    /// <param name="device">Where to compute; null for the CPU.</param>
    /// <param name="group">Its processes take the accumulated batches of a step in turn; they stay the caller's.</param>
    internal Trainer(TrainingPlan plan, string planFolder, string directory, Device? device, IProcessGroup group)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(planFolder);
        Directory.CreateDirectory(directory);
        (_plan, _directory, _group) = (plan, directory, group);
        plan.ValidateFor(group.Size);
        Device place = device ?? CPU;
        (Model, VocabularyPath) = new ModelSource(plan, planFolder).Open(place);
        _sources = new SequenceSources(planFolder, LoadTokenizer);
        if (plan.LowRank is { } low) _adapter = new LowRankAdapter(Model, low.Rank, low.Alpha, new Generator((ulong)plan.Seed));
        _kernels = Operators.For(Model.Config, place).Kernels;
        if (File.Exists(CheckpointPath)) Resume();
    }

    /// <summary>The model as it is trained.</summary>
    public TrainableModel Model { get; }

    /// <summary>The vocabulary's file; null where the model has none.</summary>
    public string? VocabularyPath { get; }

    /// <summary>The place in the plan.</summary>
    public RunProgress Progress { get; private set; } = new();

    /// <summary>Called after each step.</summary>
    public Action<StepFigures>? Stepped { get; set; }

    private string CheckpointPath => Path.Combine(_directory, "checkpoint.safetensors");

    private IEnumerable<KeyValuePair<string, Tensor>> AllParameters => Model.Parameters.Concat(_adapter?.Parameters ?? []);

    /// <summary>Trains until the plan is done, its time is up, or it is cancelled; a checkpoint is saved in every case.</summary>
    /// <param name="cancellationToken">Acts between steps.</param>
    /// <returns>Whether the plan is done.</returns>
    /// <exception cref="TrainingDivergedException">Too many steps in a row had to be skipped.</exception>
    public bool Run(CancellationToken cancellationToken = default)
    {
        long started = Stopwatch.GetTimestamp();
        using RunLog? log = _group.Rank == 0 ? new(_directory) : null;
        SpikeGuard guard = new(_plan.Optimizer) { Recent = [.. Progress.Norms] };
        for (int stage = Progress.Stage; stage < _plan.Stages.Count; stage++)
        {
            if (stage != Progress.Stage) Progress = Progress with { Stage = stage, StageStep = 0 };
            if (RunStage(_plan.Stages[stage], guard, log, started, cancellationToken)) continue;
            Save(guard);
            return false;
        }

        Save(guard);
        return true;
    }

    /// <summary>Writes the model directory of the present weights; low-rank updates are added to them first, for good.</summary>
    /// <param name="directory">Where it goes.</param>
    public void Export(string directory)
    {
        _adapter?.Merge(Model);
        ModelExport.Write(Model, directory, _plan.Model.Name, VocabularyPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer?.Dispose();
        _adapter?.Dispose();
        _weights?.Dispose();
        _sources.Dispose();
        Model.Dispose();
    }

    /// <returns>Whether the stage is done.</returns>
    private bool RunStage(StagePlan stage, SpikeGuard guard, RunLog? log, long started, CancellationToken cancellationToken)
    {
        UseOptimizer(stage);
        int seed = _plan.SeedOf(Progress.Stage), vocabSize = Model.Config.VocabSize;
        using BatchQueue queue = new(_sources.Open(stage, seed, vocabSize), _sources.OpenForgetting(stage, seed, vocabSize), stage, Progress.StageStep, _group);
        BatchGradient gradient = new(NetworkOf(stage), stage, Model.Device);
        long saved = Stopwatch.GetTimestamp(), stageStarted = saved;
        while (Progress.StageStep < stage.Steps)
        {
            bool isOver = cancellationToken.IsCancellationRequested || Stopwatch.GetElapsedTime(started).TotalSeconds > _plan.MaxSeconds;
            double timeShare = stage.MaxSeconds is { } limit ? Stopwatch.GetElapsedTime(stageStarted).TotalSeconds / limit : 0;
            TrainingBatch[] batches = queue.Take();
            (isOver, timeShare, double weightSum) = Agree(isOver, timeShare, batches.Sum(batch => batch.WeightSum));
            if (isOver) return false;
            if (timeShare >= 1) return true;
            StepFigures figures = Step(stage, batches, weightSum, gradient, guard, timeShare);
            log?.Add(figures);
            Stepped?.Invoke(figures);
            if (guard.SkippedInARow > _plan.Optimizer.MaxSkips)
                throw new TrainingDivergedException($"{guard.SkippedInARow} steps in a row were skipped, the last for {figures.Skipped}; the last good weights are in {CheckpointPath}");
            if (guard.SkippedInARow > 0 || Stopwatch.GetElapsedTime(saved).TotalSeconds < _plan.SaveEverySeconds) continue;
            Save(guard);
            saved = Stopwatch.GetTimestamp();
        }

        return true;
    }

    private Network NetworkOf(StagePlan stage) =>
        new(Model.Config, Model.Prefix, _weights!, Operators.For(Model.Config with { MobaTopK = stage.MobaTopK ?? Model.Config.MobaTopK }, Model.Device));

    /// <summary>What the first process says of the time, and Σ of the weights of all batches of the step.</summary>
    private (bool IsOver, double TimeShare, double WeightSum) Agree(bool isOver, double timeShare, double weightSum)
    {
        if (_group.Size == 1) return (isOver, timeShare, weightSum);
        bool decides = _group.Rank == 0;
        using Tensor values = tensor(new[] { decides && isOver ? 1 : 0, decides ? timeShare : 0, weightSum }, device: Model.Device);
        _group.Sum(values);
        using Tensor host = values.cpu();
        double[] sums = host.data<double>().ToArray();
        return (sums[0] > 0, sums[1], sums[2]);
    }

    private StepFigures Step(StagePlan stage, TrainingBatch[] batches, double weightSum, BatchGradient gradient, SpikeGuard guard, double timeShare)
    {
        long started = Stopwatch.GetTimestamp();
        Forget();
        using Tensor sum = zeros(1, ScalarType.Float64, Model.Device);
        foreach (TrainingBatch batch in batches)
        {
            using Tensor part = gradient.Add(batch, Math.Max(weightSum, 1));
            sum.PlusInPlace(part);
        }

        _group.Sum(sum);
        GradientSum.Over(_group, Trained(stage).Select(pair => pair.Value));
        double loss = sum.item<double>();
        double norm = _optimizer!.GradientNorm(), rate = LearningRate.At(stage, Progress.StageStep, timeShare);
        string? skipped = guard.Judge(loss, norm);
        if (skipped is null)
        {
            _optimizer.Step(rate, norm);
            _weights!.Update();
        }

        Progress = Progress with
        {
            StageStep = Progress.StageStep + 1,
            Step = Progress.Step + 1,
            Tokens = Progress.Tokens + stage.TokensPerStep,
            OptimizerSteps = _optimizer.StepCount,
        };
        return new StepFigures(Progress, stage.Name, loss, rate, norm, stage.TokensPerStep / Stopwatch.GetElapsedTime(started).TotalSeconds, skipped);
    }

    /// <summary>What a stage does not train needs no gradients, and its weights are cast without; where the choice changes, the moments start anew.</summary>
    private void UseOptimizer(StagePlan stage)
    {
        HashSet<string> trained = [.. Trained(stage).Select(pair => pair.Key)];
        foreach ((string name, Tensor parameter) in AllParameters) parameter.requires_grad_(trained.Contains(name));
        _weights?.Dispose();
        _weights = new Weights(Model, _plan.Precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32, _adapter);
        if (_optimizer is not null && trained.SetEquals(_optimizer.Names)) return;
        _optimizer?.Dispose();
        _optimizer = new Optimizer(Trained(stage), _plan.Optimizer, _kernels);
    }

    private IEnumerable<KeyValuePair<string, Tensor>> Trained(StagePlan stage) =>
        _adapter is not null ? _adapter.Parameters
        : stage.Train == "new" ? Model.Parameters.Where(pair => pair.Key.StartsWith("moba.", StringComparison.Ordinal))
        : Model.Parameters;

    private void Forget()
    {
        Model.ZeroGradients();
        foreach ((_, Tensor parameter) in _adapter?.Parameters ?? []) parameter.grad = null;
    }

    private void Save(SpikeGuard guard)
    {
        if (_group.Rank > 0) return;
        Progress = Progress with { Norms = guard.Recent };
        RunCheckpoint.Save(CheckpointPath, AllParameters, _optimizer!, Progress);
    }

    private void Resume()
    {
        Progress = RunCheckpoint.ReadProgress(CheckpointPath);
        if (Progress.Stage >= _plan.Stages.Count)
            throw new PlanException($"{CheckpointPath}: expected a checkpoint of {_plan.Stages.Count} stages, found one of stage {Progress.Stage + 1}");
        UseOptimizer(_plan.Stages[Progress.Stage]);
        RunCheckpoint.Load(CheckpointPath, AllParameters, _optimizer);
        _optimizer!.StepCount = Progress.OptimizerSteps;
    }

    private WorldTokenizer LoadTokenizer() =>
        WorldTokenizer.Load(VocabularyPath ?? throw new PlanException("generated data needs a vocabulary: set model.vocabulary"));
}
