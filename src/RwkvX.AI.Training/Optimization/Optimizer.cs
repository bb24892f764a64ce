using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>AdamW over parameters laid out in two flat tensors, those that decay and those that do not, so that a step is a few operations.</summary>
internal sealed class AdamW : IDisposable
{
    private readonly OptimizerPlan _plan;
    private readonly Group[] _groups;

    /// <param name="parameters">What is trained, by name; F32 leaves.</param>
    /// <param name="plan">The constants.</param>
    /// <param name="launcher">Where kernels run; null for operations of libtorch.</param>
    public AdamW(IEnumerable<KeyValuePair<string, Tensor>> parameters, OptimizerPlan plan, IKernelLauncher? launcher = null)
    {
        _plan = plan;
        KeyValuePair<string, Tensor>[] all = [.. parameters];
        _groups = [new Group([.. all.Where(Decays)], launcher), new Group([.. all.Where(pair => !Decays(pair))], launcher)];
    }

    /// <summary>Steps taken.</summary>
    public long StepCount { get; set; }

    /// <summary>Both moments by name, for checkpoints.</summary>
    public IEnumerable<(string Name, Tensor Moment1, Tensor Moment2)> Moments => _groups.SelectMany(group => group.Moments());

    /// <summary>The Euclidean norm of all gradients; NaN where any is.</summary>
    public double GradientNorm()
    {
        using DisposeScope scope = NewDisposeScope();
        return Math.Sqrt(_groups.Sum(group => group.SquareSum()));
    }

    /// <summary>One step with the gradients that the parameters have.</summary>
    /// <param name="learningRate">The rate.</param>
    /// <param name="norm">What <see cref="GradientNorm"/> gave.</param>
    public void Step(double learningRate, double norm)
    {
        StepCount++;
        double clip = norm > _plan.ClipNorm ? _plan.ClipNorm / norm : 1;
        _groups[0].Step(_plan, StepCount, learningRate, clip, _plan.WeightDecay);
        _groups[1].Step(_plan, StepCount, learningRate, clip, 0);
    }

    public void Dispose()
    {
        foreach (Group group in _groups) group.Dispose();
    }

    /// <summary>The large matrices decay: what is called weight and has two dimensions, and LoRA's pairs.</summary>
    private static bool Decays(KeyValuePair<string, Tensor> pair) =>
        pair.Value.dim() == 2 && (pair.Key.EndsWith(".weight", StringComparison.Ordinal) || pair.Key.Contains(".lora_", StringComparison.Ordinal));

    private sealed class Group : IDisposable
    {
        private readonly KeyValuePair<string, Tensor>[] _parameters;
        private readonly Tensor? _m;
        private readonly Tensor? _v;
        private readonly AdamWKernel? _kernel;

        public Group(KeyValuePair<string, Tensor>[] parameters, IKernelLauncher? launcher)
        {
            _parameters = parameters;
            if (parameters.Length == 0) return;
            long count = parameters.Sum(pair => pair.Value.numel());
            Device device = parameters[0].Value.device;
            _m = zeros(count, device: device).DetachFromDisposeScope();
            _v = zeros(count, device: device).DetachFromDisposeScope();
            if (launcher is not null) _kernel = new AdamWKernel(launcher, [.. parameters.Select(pair => pair.Value)], _m, _v);
        }

        public double SquareSum() =>
            _kernel?.SquareSum() ?? Gradient()?.square().sum(ScalarType.Float64).item<double>() ?? 0;

        /// <summary>All gradients end to end; null for no parameters.</summary>
        private Tensor? Gradient()
        {
            if (_parameters.Length == 0) return null;
            return cat([.. _parameters.Select(pair => pair.Value.grad is { } grad ? grad.view(-1) : zeros_like(pair.Value).view(-1))]);
        }

        public void Step(OptimizerPlan plan, long step, double learningRate, double clip, double decay)
        {
            if (_m is null || _v is null) return;
            if (_kernel is not null)
            {
                _kernel.Step(plan, step, learningRate, clip, decay);
                return;
            }

            using IDisposable noGrad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            Tensor gradient = Gradient()!.TimesInPlace(clip);
            _m.TimesInPlace(plan.Beta1).PlusInPlace(gradient.Times(1 - plan.Beta1));
            _v.TimesInPlace(plan.Beta2).PlusInPlace(gradient.mul_(gradient).TimesInPlace(1 - plan.Beta2));
            double unbias1 = 1 - Math.Pow(plan.Beta1, step), unbias2 = 1 - Math.Pow(plan.Beta2, step);
            Tensor update = (_m / _v.Times(1 / unbias2).sqrt_().PlusInPlace(plan.Epsilon)).TimesInPlace(-learningRate / unbias1);
            long at = 0;
            foreach ((_, Tensor parameter) in _parameters)
            {
                if (decay > 0) parameter.TimesInPlace(1 - (learningRate * decay));
                parameter.PlusInPlace(update.narrow(0, at, parameter.numel()).view(parameter.shape));
                at += parameter.numel();
            }
        }

        public IEnumerable<(string Name, Tensor Moment1, Tensor Moment2)> Moments()
        {
            long at = 0;
            foreach ((string name, Tensor parameter) in _parameters)
            {
                yield return (name, _m!.narrow(0, at, parameter.numel()), _v!.narrow(0, at, parameter.numel()));
                at += parameter.numel();
            }
        }

        public void Dispose()
        {
            _kernel?.Dispose();
            _m?.Dispose();
            _v?.Dispose();
        }
    }
}
