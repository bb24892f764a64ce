using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>From the recurrence to the output product by one kernel for each direction.</summary>
internal sealed unsafe class KernelWkvResult : autograd.SingleTensorFunction<KernelWkvResult>
{
    /// <inheritdoc/>
    public override string Name => nameof(KernelWkvResult);

    /// <summary>As <see cref="WkvResultForm"/>.</summary>
    public static Tensor Forward(IKernelLauncher launcher, Tensor y, WkvOperands operands, Tensor weight, Tensor bias, Tensor gate) =>
        apply(launcher, y, operands.Bonus, operands.BonusV, gate, weight, bias);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        var launcher = (IKernelLauncher)vars[0];
        Tensor[] inputs = [.. vars.Skip(1).Select(input => ((Tensor)input).contiguous())];
        Tensor gate = inputs[3], y = empty_like(gate);
        (long rows, long C) = Shape(gate);
        launcher.Launch("wkv_result_forward", Defines(inputs), new ForwardArgs
        {
            In = Inputs.Of(inputs),
            Out = TensorPointer.Of(y),
            Rows = (int)rows,
        }, KernelElementwise.Threads(C), KernelElementwise.Runs(rows));
        foreach (Tensor input in inputs) input.MoveToOuterDisposeScope();
        ctx.save_for_backward([.. inputs]);
        ctx.save_data("launcher", launcher);
        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] inputs = [.. ctx.get_saved_variables()];
        var launcher = (IKernelLauncher)ctx.get_data("launcher");
        Tensor g = GradientHandover.Take([grad_output])[0];
        Tensor dy = empty_like(inputs[0]), dBonus = empty_like(inputs[1]), dv = empty_like(inputs[2]), dGate = empty_like(inputs[3]);
        (long rows, long C) = Shape(g);
        Tensor partials = empty([KernelElementwise.Runs(rows), 2, C], dtype: ScalarType.Float32, device: g.device);
        launcher.Launch("wkv_result_backward", Defines(inputs), new BackwardArgs
        {
            In = Inputs.Of(inputs),
            G = TensorPointer.Of(g),
            Dy = TensorPointer.Of(dy),
            DBonus = TensorPointer.Of(dBonus),
            Dv = TensorPointer.Of(dv),
            DGate = TensorPointer.Of(dGate),
            Partials = TensorPointer.Of(partials),
            Rows = (int)rows,
        }, KernelElementwise.Threads(C), KernelElementwise.Runs(rows));
        return GradientHandover.Give([null, dy, dBonus, dv, dGate, .. KernelElementwise.ParameterGradients(partials, inputs[4..])]);
    }

    private static (long Rows, long C) Shape(Tensor gate) => (gate.numel() / gate.shape[^1], gate.shape[^1]);

    private static string[] Defines(Tensor[] inputs) =>
        KernelElementwise.Defines(inputs[3].shape[^1], inputs[3].dtype, inputs[2].dtype == ScalarType.BFloat16 ? "-DNARROW=1" : "-DNARROW=0");

    /// <summary>As in wkv_result.cuh.</summary>
    private struct Inputs
    {
        public void* Y, Bonus, V, Gate, Weight, Bias;

        public static Inputs Of(Tensor[] inputs) => new()
        {
            Y = TensorPointer.Of(inputs[0]),
            Bonus = TensorPointer.Of(inputs[1]),
            V = TensorPointer.Of(inputs[2]),
            Gate = TensorPointer.Of(inputs[3]),
            Weight = TensorPointer.Of(inputs[4]),
            Bias = TensorPointer.Of(inputs[5]),
        };
    }

    /// <summary>As in wkv_result_forward.cu.</summary>
    private struct ForwardArgs
    {
        public Inputs In;
        public void* Out;
        public int Rows;
    }

    /// <summary>As in wkv_result_backward.cu.</summary>
    private struct BackwardArgs
    {
        public Inputs In;
        public void* G, Dy, DBonus, Dv, DGate, Partials;
        public int Rows;
    }
}
