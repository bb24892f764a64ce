using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>relu(x)² by one kernel for each direction.</summary>
internal sealed unsafe class KernelSquaredRelu : autograd.SingleTensorFunction<KernelSquaredRelu>
{
    private const int BlockElements = 2048;

    /// <inheritdoc/>
    public override string Name => nameof(KernelSquaredRelu);

    /// <summary>x: any shape, F32 or BF16, a multiple of eight elements.</summary>
    public static Tensor Forward(IKernelLauncher launcher, Tensor x) => apply(launcher, x);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        var launcher = (IKernelLauncher)vars[0];
        Tensor x = ((Tensor)vars[1]).contiguous(), y = empty_like(x);
        Launch(launcher, x, null, y);
        ctx.save_for_backward([x.MoveToOuterDisposeScope()]);
        ctx.save_data("launcher", launcher);
        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ctx.get_saved_variables()[0], dx = empty_like(x);
        Launch((IKernelLauncher)ctx.get_data("launcher"), x, GradientHandover.Take([grad_output])[0], dx);
        return GradientHandover.Give([null, dx]);
    }

    private static void Launch(IKernelLauncher launcher, Tensor x, Tensor? g, Tensor result)
    {
        long count = x.numel(), blocks = (count + BlockElements - 1) / BlockElements;
        launcher.Launch("squared_relu", KernelElementwise.Defines(BlockElements, x.dtype, g is null ? "-DBACKWARD=0" : "-DBACKWARD=1"), new Args
        {
            X = TensorPointer.Of(x),
            G = g is null ? null : TensorPointer.Of(g),
            Out = TensorPointer.Of(result),
            Count = count,
        }, KernelElementwise.Threads(BlockElements), (int)blocks);
    }

    /// <summary>As in squared_relu.cu.</summary>
    private struct Args
    {
        public void* X, G, Out;
        public long Count;
    }
}
