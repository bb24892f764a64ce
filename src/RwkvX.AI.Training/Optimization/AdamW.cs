using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Optimization;

/// <summary>AdamW (arXiv 1711.05101) over parameters laid out in one flat tensor, so that a step is a few operations.</summary>
internal sealed class AdamW : IParameterGroup
{
    private readonly KeyValuePair<string, Tensor>[] _parameters;
    private readonly OptimizerPlan _plan;
    private readonly double _decay;
    private readonly Tensor _m;
    private readonly Tensor _v;
    private readonly AdamWKernel? _kernel;

    /// <param name="parameters">What is trained, by name; F32 leaves, one at least.</param>
    /// <param name="plan">The constants.</param>
    /// <param name="decay">Weight decay.</param>
    /// <param name="launcher">Where kernels run; null for operations of libtorch.</param>
    public AdamW(KeyValuePair<string, Tensor>[] parameters, OptimizerPlan plan, double decay, IKernelLauncher? launcher)
    {
        (_parameters, _plan, _decay) = (parameters, plan, decay);
        long count = parameters.Sum(pair => pair.Value.numel());
        Device device = parameters[0].Value.device;
        _m = zeros(count, device: device).DetachFromDisposeScope();
        _v = zeros(count, device: device).DetachFromDisposeScope();
        if (launcher is not null) _kernel = new AdamWKernel(launcher, [.. parameters.Select(pair => pair.Value)], _m, _v);
    }

    public IEnumerable<(string Name, Tensor Values)> Moments()
    {
        long at = 0;
        foreach ((string name, Tensor parameter) in _parameters)
        {
            yield return (name + ".m", _m.narrow(0, at, parameter.numel()));
            yield return (name + ".v", _v.narrow(0, at, parameter.numel()));
            at += parameter.numel();
        }
    }

    public Tensor SquareSum() => _kernel?.SquareSum() ?? Gradient().square().sum(ScalarType.Float64);

    public void Step(long step, double learningRate, double clip)
    {
        if (_kernel is not null)
        {
            _kernel.Step(_plan, step, learningRate, clip, _decay);
            return;
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor gradient = Gradient().TimesInPlace(clip);
        _m.TimesInPlace(_plan.Beta1).PlusInPlace(gradient.Times(1 - _plan.Beta1));
        _v.TimesInPlace(_plan.Beta2).PlusInPlace(gradient.mul_(gradient).TimesInPlace(1 - _plan.Beta2));
        double unbias1 = 1 - Math.Pow(_plan.Beta1, step), unbias2 = 1 - Math.Pow(_plan.Beta2, step);
        Tensor update = (_m / _v.Times(1 / unbias2).sqrt_().PlusInPlace(_plan.Epsilon)).TimesInPlace(-learningRate / unbias1);
        long at = 0;
        foreach ((_, Tensor parameter) in _parameters)
        {
            if (_decay > 0) parameter.TimesInPlace(1 - (learningRate * _decay));
            parameter.PlusInPlace(update.narrow(0, at, parameter.numel()).view(parameter.shape));
            at += parameter.numel();
        }
    }

    public void Dispose()
    {
        _kernel?.Dispose();
        _m.Dispose();
        _v.Dispose();
    }

    /// <summary>All gradients end to end.</summary>
    private Tensor Gradient() => cat([.. _parameters.Select(pair => pair.Value.grad is { } grad ? grad.view(-1) : zeros_like(pair.Value).view(-1))]);
}
