using RwkvX.AI.Torch.Eager;
using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The sparse attention by kernels that visit the chosen chunks only: work and memory linear in T.</summary>
internal sealed unsafe class KernelAttention : autograd.SingleTensorFunction<KernelAttention>
{
    private const int KeyBlock = 32;    // keys of a block of the backward pass
    private const int Parts = 4;        // blocks that share the queries of a chunk: some chunks are chosen by nearly all

    /// <inheritdoc/>
    public override string Name => nameof(KernelAttention);

    /// <summary>Whether the kernels can do this chunk size.</summary>
    public static bool Supports(int chunkSize) => chunkSize % KeyBlock == 0;

    /// <summary>y (B, H, T, 64) from q, k, v of the same shape, F32 or BF16; the latter on the tensor cores where <see cref="TileAttention"/> can.</summary>
    public static Tensor Forward(IKernelLauncher launcher, Tensor q, Tensor k, Tensor v, int chunkSize, int topK) =>
        TileAttention.Supports(q.dtype, chunkSize, topK)
            ? TileAttention.Forward(launcher, q, k, v, chunkSize, topK)
            : apply(q, k, v, chunkSize, topK, launcher);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ((Tensor)vars[0]).contiguous(), k = ((Tensor)vars[1]).contiguous(), v = ((Tensor)vars[2]).contiguous();
        (int chunkSize, int topK, var launcher) = ((int)vars[3], (int)vars[4], (IKernelLauncher)vars[5]);
        Tensor chosen = KernelChoice.Choose(launcher, q, k, chunkSize, topK);
        Tensor y = empty_like(q, dtype: ScalarType.Float32), lse = empty(q.shape[..3], dtype: ScalarType.Float32, device: q.device);
        (int rows, int tokens) = ((int)(q.shape[0] * q.shape[1]), (int)q.shape[2]);
        launcher.Launch("moba_forward", Defines(q, chunkSize), new ForwardArgs
        {
            Q = TensorPointer.Of(q),
            K = TensorPointer.Of(k),
            V = TensorPointer.Of(v),
            Chosen = (int*)TensorPointer.Of(chosen),
            Y = (float*)TensorPointer.Of(y),
            Lse = (float*)TensorPointer.Of(lse),
            Tokens = tokens,
            Choices = topK - 1,
        }, 128, (tokens + 3) / 4, rows);
        Tensor result = q.dtype == ScalarType.Float32 ? y : y.to(q.dtype).MoveToOuterDisposeScope();
        // Saved when this returns: they must outlive this scope, and end with the caller's.
        y.MoveToOuterDisposeScope();
        ctx.save_for_backward([q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope(), y, lse.MoveToOuterDisposeScope(), chosen.MoveToOuterDisposeScope()]);
        ctx.save_data("chunk", chunkSize);
        ctx.save_data("launcher", launcher);
        return result;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor chosen) = (saved[0], saved[1], saved[2], saved[3], saved[4], saved[5]);
        (int chunkSize, var launcher) = ((int)ctx.get_data("chunk"), (IKernelLauncher)ctx.get_data("launcher"));
        (int rows, int tokens, int choices) = ((int)(q.shape[0] * q.shape[1]), (int)q.shape[2], (int)chosen.shape[3]);
        Tensor dy = grad_output.to(q.dtype).contiguous();
        Tensor delta = (dy.to(ScalarType.Float32) * y).sum(-1).contiguous();
        Tensor dq = empty_like(q, dtype: ScalarType.Float32);
        launcher.Launch("moba_backward_queries", Defines(q, chunkSize), new QueriesArgs
        {
            Q = TensorPointer.Of(q),
            K = TensorPointer.Of(k),
            V = TensorPointer.Of(v),
            Dy = TensorPointer.Of(dy),
            Chosen = (int*)TensorPointer.Of(chosen),
            Lse = (float*)TensorPointer.Of(lse),
            Delta = (float*)TensorPointer.Of(delta),
            Dq = (float*)TensorPointer.Of(dq),
            Tokens = tokens,
            Choices = choices,
        }, 64, (tokens + 1) / 2, rows);

        int chunks = tokens / chunkSize;
        (Tensor listed, Tensor offsets) = List(chosen, rows, chunks);
        Tensor dk = empty([Parts, .. q.shape], dtype: ScalarType.Float32, device: q.device), dv = empty_like(dk);
        launcher.Launch("moba_backward_keys", Defines(q, chunkSize), new KeysArgs
        {
            Q = TensorPointer.Of(q),
            K = TensorPointer.Of(k),
            V = TensorPointer.Of(v),
            Dy = TensorPointer.Of(dy),
            Listed = (int*)TensorPointer.Of(listed),
            Offsets = (long*)TensorPointer.Of(offsets),
            Lse = (float*)TensorPointer.Of(lse),
            Delta = (float*)TensorPointer.Of(delta),
            Dk = (float*)TensorPointer.Of(dk),
            Dv = (float*)TensorPointer.Of(dv),
            Tokens = tokens,
            Chunks = chunks,
        }, 256, (tokens + KeyBlock - 1) / KeyBlock, rows, Parts);
        Tensor Result(Tensor gradient) => gradient.to(q.dtype).MoveToOuterDisposeScope();
        return [Result(dq), Result(dk.sum([0L])), Result(dv.sum([0L])), null!, null!, null!];
    }

    /// <summary>The queries that chose each chunk of each head, in ascending order, and where each list begins.</summary>
    /// <param name="chosen">(B, H, T, choices) I32</param>
    /// <param name="rows">B·H</param>
    /// <param name="chunks">Full chunks.</param>
    /// <returns>Positions I32, end to end; (rows · chunks + 1) I64.</returns>
    internal static (Tensor Listed, Tensor Offsets) List(Tensor chosen, int rows, int chunks)
    {
        using DisposeScope scope = NewDisposeScope();
        long T = chosen.shape[2], none = (long)rows * chunks;
        Tensor row = HeldArithmetic.Range(0, rows, chosen.device).Times(chunks).view(rows, 1, 1);
        Tensor key = chosen.view(rows, T, -1).to(ScalarType.Int64);
        key = key.Plus(row).Masked(key.IsBelow(0), none).view(-1);
        (Tensor sorted, Tensor order) = key.sort(0, descending: false, stable: true);
        Tensor position = order.FloorOver(Math.Max(1, chosen.shape[3])).Modulo(T);
        Tensor offsets = searchsorted(sorted, HeldArithmetic.Range(0, none + 1, chosen.device), out_int32: false, right: false);
        Tensor listed = cat([position, zeros(1, dtype: ScalarType.Int64, device: chosen.device)]).to(ScalarType.Int32); // never empty
        return (listed.contiguous().MoveToOuterDisposeScope(), offsets.contiguous().MoveToOuterDisposeScope());
    }

    private static string[] Defines(Tensor q, int chunkSize) => [$"-DCHUNK={chunkSize}", q.dtype == ScalarType.BFloat16 ? "-DBF16=1" : "-DBF16=0"];

    /// <summary>As in moba_forward.cu.</summary>
    private struct ForwardArgs
    {
        public void* Q, K, V;
        public int* Chosen;
        public float* Y, Lse;
        public int Tokens, Choices;
    }

    /// <summary>As in moba_backward_queries.cu.</summary>
    private struct QueriesArgs
    {
        public void* Q, K, V, Dy;
        public int* Chosen;
        public float* Lse, Delta, Dq;
        public int Tokens, Choices;
    }

    /// <summary>As in moba_backward_keys.cu.</summary>
    private struct KeysArgs
    {
        public void* Q, K, V, Dy;
        public int* Listed;
        public long* Offsets;
        public float* Lse, Delta, Dk, Dv;
        public int Tokens, Chunks;
    }
}
