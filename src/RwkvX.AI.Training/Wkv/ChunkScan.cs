using RwkvX.AI.Torch.Eager;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Wkv;

/// <summary>The states between chunks, S_{c+1} = S_c·M_c + G_c from S_0 = 0, and their gradients, as one autograd function.</summary>
/// <remarks>Backward runs the same scan from the end with Mᵀ: D_c = D_{c+1}·M_cᵀ + dS_c, dG_c = D_{c+1}, dM_c = S_cᵀ·D_{c+1}.</remarks>
internal sealed class ChunkScan : autograd.SingleTensorFunction<ChunkScan>
{
    /// <inheritdoc/>
    public override string Name => nameof(ChunkScan);

    /// <summary>The scan in plain operations.</summary>
    public static Tensor Plain(Tensor m, Tensor g) => apply(m, g, (Func<Tensor, Tensor, bool, Tensor>)Scan);

    /// <summary>The scan by the given kernel.</summary>
    /// <param name="m">(S, chunks, N, N)</param>
    /// <param name="g">(S, chunks, N, N)</param>
    /// <param name="kernel">M, G, reverse → what was before each chunk; reverse runs from the end with Mᵀ.</param>
    public static Tensor With(Tensor m, Tensor g, Func<Tensor, Tensor, bool, Tensor> kernel) => apply(m, g, kernel);

    /// <summary>The plain twin of the kernel.</summary>
    /// <param name="m">(S, chunks, N, N)</param>
    /// <param name="g">(S, chunks, N, N)</param>
    /// <param name="reverse">From the last chunk to the first, with Mᵀ.</param>
    /// <returns>(S, chunks, N, N) what was there before each chunk's step: zero for the first.</returns>
    public static Tensor Scan(Tensor m, Tensor g, bool reverse)
    {
        long chunks = m.shape[1];
        using DisposeScope scope = NewDisposeScope();
        Tensor states = empty_like(g);
        Tensor s = zeros_like(g.select(1, 0));
        for (long i = 0; i < chunks; i++)
        {
            long c = reverse ? chunks - 1 - i : i;
            states.select(1, c).copy_(s);
            Tensor step = reverse ? m.select(1, c).mT : m.select(1, c);
            Tensor next = g.select(1, c).Plus(s.matmul(step));
            s.Dispose();
            s = next;
        }

        return states.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor m = (Tensor)vars[0], g = (Tensor)vars[1];
        var kernel = (Func<Tensor, Tensor, bool, Tensor>)vars[2];
        Tensor states = kernel(m, g, false);
        ctx.save_for_backward([m, states]);
        ctx.save_data("kernel", kernel);
        return states;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor m = saved[0], states = saved[1];
        var kernel = (Func<Tensor, Tensor, bool, Tensor>)ctx.get_data("kernel");
        Tensor after = kernel(m, grad_output.contiguous(), true); // D_{c+1}
        return [states.mT.matmul(after).MoveToOuterDisposeScope(), after.MoveToOuterDisposeScope(), null!];
    }
}
