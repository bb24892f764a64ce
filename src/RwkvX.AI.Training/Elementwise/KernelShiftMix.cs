using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>Layer norm, token shift and mixes by one kernel for each direction.</summary>
internal sealed unsafe class KernelShiftMix : autograd.MultiTensorFunction<KernelShiftMix>
{
    private const int MostMixes = 6;

    /// <inheritdoc/>
    public override string Name => nameof(KernelShiftMix);

    /// <summary>As <see cref="Layers.ShiftMixForm"/>.</summary>
    public static (Tensor Sum, Tensor[] Mixed) Forward(
        IKernelLauncher launcher, Tensor x, Tensor? added, Tensor weight, Tensor bias, Tensor[] mix, ScalarType compute)
    {
        List<Tensor> results = apply([launcher, compute, x, added!, weight, bias, .. mix]);
        return added is null ? (x, [.. results]) : (results[0], [.. results.Skip(1)]);
    }

    /// <inheritdoc/>
    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        (var launcher, var compute) = ((IKernelLauncher)vars[0], (ScalarType)vars[1]);
        Tensor x = ((Tensor)vars[2]).contiguous();
        Tensor? added = (vars[3] as Tensor)?.contiguous();
        Tensor[] parameters = [.. vars.Skip(4).Select(parameter => ((Tensor)parameter).contiguous())]; // weight, bias, μ
        (long B, long T, long C, int M) = Shape(x, parameters);
        Tensor sum = added is null ? x : empty_like(x), moments = empty([B, T, 2], dtype: ScalarType.Float32, device: x.device);
        Tensor[] mixed = [.. Enumerable.Range(0, Math.Max(1, M)).Select(_ => empty_like(x, dtype: compute))];
        ForwardArgs args = new()
        {
            X = TensorPointer.Of(x),
            Added = added is null ? null : TensorPointer.Of(added),
            Weight = TensorPointer.Of(parameters[0]),
            Bias = TensorPointer.Of(parameters[1]),
            Sum = TensorPointer.Of(sum),
            Moments = TensorPointer.Of(moments),
            Tokens = (int)T,
        };
        for (int m = 0; m < M; m++) args.Mix[m] = (ulong)TensorPointer.Of(parameters[m + 2]);
        for (int m = 0; m < mixed.Length; m++) args.Mixed[m] = (ulong)TensorPointer.Of(mixed[m]);
        launcher.Launch(
            "shift_mix_forward", Defines(C, compute, M, added is not null), args, KernelElementwise.Threads(C), KernelElementwise.Runs(T), (int)B);

        // What is saved is saved when this returns. Of the sum a second handle: a result that its own function holds would never end.
        ctx.save_for_backward([.. new[] { sum.detach(), moments }.Concat(parameters).Select(tensor => tensor.MoveToOuterDisposeScope())]);
        ctx.save_data("launcher", launcher);
        ctx.save_data("compute", compute);
        ctx.save_data("added", added is not null);
        List<Tensor> results = added is null ? [.. mixed] : [sum, .. mixed];
        foreach (Tensor result in results) result.MoveToOuterDisposeScope();
        return results;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] gradients = GradientHandover.Take(grad_outputs), saved = [.. ctx.get_saved_variables()], parameters = saved[2..];
        (var launcher, var compute, bool hasAdded) = ((IKernelLauncher)ctx.get_data("launcher"), (ScalarType)ctx.get_data("compute"), (bool)ctx.get_data("added"));
        Tensor[] dMixed = hasAdded ? gradients[1..] : gradients;
        Tensor sum = saved[0], dx = empty_like(sum);
        Tensor? dAdded = hasAdded ? empty_like(sum, dtype: compute) : null;
        (long B, long T, long C, int M) = Shape(sum, parameters);
        Tensor partials = empty([B * KernelElementwise.Runs(T), M + 2, C], dtype: ScalarType.Float32, device: sum.device);
        BackwardArgs args = new()
        {
            Sum = TensorPointer.Of(sum),
            Moments = TensorPointer.Of(saved[1]),
            Weight = TensorPointer.Of(parameters[0]),
            Bias = TensorPointer.Of(parameters[1]),
            DSum = hasAdded ? TensorPointer.Of(gradients[0]) : null,
            Dx = TensorPointer.Of(dx),
            DAdded = dAdded is null ? null : TensorPointer.Of(dAdded),
            Partials = TensorPointer.Of(partials),
            Tokens = (int)T,
        };
        for (int m = 0; m < M; m++) args.Mix[m] = (ulong)TensorPointer.Of(parameters[m + 2]);
        for (int m = 0; m < dMixed.Length; m++) args.DMixed[m] = (ulong)TensorPointer.Of(dMixed[m]);
        launcher.Launch("shift_mix_backward", Defines(C, compute, M, hasAdded), args, KernelElementwise.Threads(C), KernelElementwise.Runs(T), (int)B);

        Tensor[] ordered = [.. parameters[2..], .. parameters[..2]]; // as the kernel has them
        Tensor[] sums = [.. KernelElementwise.ParameterGradients(partials, ordered)];
        return GradientHandover.Give([null, null, dx, dAdded, .. sums[M..], .. sums[..M]]);
    }

    private static (long B, long T, long C, int M) Shape(Tensor x, Tensor[] parameters)
    {
        long B = x.dim() == 3 ? x.shape[0] : 1, C = x.shape[^1];
        if (parameters.Length > MostMixes + 2) throw new ArgumentException($"expected at most {MostMixes} mixes, found {parameters.Length - 2}", nameof(parameters));
        return (B, x.numel() / B / C, C, parameters.Length - 2);
    }

    private static string[] Defines(long C, ScalarType compute, int M, bool added) =>
        KernelElementwise.Defines(C, compute, $"-DM={M}", added ? "-DADDED=1" : "-DADDED=0");

    /// <summary>As in shift_mix_forward.cu.</summary>
    private struct ForwardArgs
    {
        public void* X, Added, Weight, Bias;
        public fixed ulong Mix[MostMixes];
        public void* Sum;
        public fixed ulong Mixed[MostMixes];
        public void* Moments;
        public int Tokens;
    }

    /// <summary>As in shift_mix_backward.cu.</summary>
    private struct BackwardArgs
    {
        public void* Sum, Moments, Weight, Bias;
        public fixed ulong Mix[MostMixes];
        public fixed ulong DMixed[MostMixes];
        public void* DSum, Dx, DAdded, Partials;
        public int Tokens;
    }
}
