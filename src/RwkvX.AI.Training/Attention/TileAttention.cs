using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Attention;

/// <summary>The sparse attention in BF16 on the tensor cores, chunk by chunk over the queries that see it; the same bits every time.</summary>
internal sealed unsafe class TileAttention : autograd.SingleTensorFunction<TileAttention>
{
    private const int MostKeys = 512;          // of a chunk
    private const int MostChunks = 32;         // that a query sees
    private const long PartBytes = 1L << 30;   // what is held between two kernels, if one head needs no more

    /// <inheritdoc/>
    public override string Name => nameof(TileAttention);

    /// <summary>Whether the kernels can do this.</summary>
    public static bool Supports(ScalarType type, int chunkSize, int topK) =>
        type == ScalarType.BFloat16 && chunkSize % 32 == 0 && chunkSize <= MostKeys && topK <= MostChunks;

    /// <summary>y (B, H, T, 64) from q, k, v of the same shape, BF16.</summary>
    public static Tensor Forward(IKernelLauncher launcher, Tensor q, Tensor k, Tensor v, int chunkSize, int topK) =>
        apply(q, k, v, chunkSize, topK, launcher);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ((Tensor)vars[0]).contiguous(), k = ((Tensor)vars[1]).contiguous(), v = ((Tensor)vars[2]).contiguous();
        (int chunkSize, int topK, var launcher) = ((int)vars[3], (int)vars[4], (IKernelLauncher)vars[5]);
        Tensor chosen = KernelChoice.Choose(launcher, q, k, chunkSize, topK);
        ChunkLists lists = ChunkLists.Of(launcher, chosen, chunkSize);
        Tensor y = empty_like(q), exact = empty_like(q, dtype: ScalarType.Float32), lse = empty(q.shape[..3], dtype: ScalarType.Float32, device: q.device);
        Shape shape = new(q, chunkSize, topK);
        Tensor parts = empty(shape.HeadsAtOnce * shape.PartsOfHead, 64, dtype: ScalarType.Float32, device: q.device);
        Tensor ends = empty(shape.HeadsAtOnce * shape.PartsOfHead, 2, dtype: ScalarType.Float32, device: q.device);
        foreach ((int head, int heads) in shape.Slices())
        {
            launcher.Launch("moba_forward_tiles", shape.Defines, new ForwardTilesArgs
            {
                Q = TensorPointer.Of(q),
                K = TensorPointer.Of(k),
                V = TensorPointer.Of(v),
                List = (int*)TensorPointer.Of(lists.Entries),
                Items = (int*)TensorPointer.Of(lists.Items),
                Firsts = (int*)TensorPointer.Of(lists.Firsts),
                Parts = (float*)TensorPointer.Of(parts),
                Ends = (float*)TensorPointer.Of(ends),
                Tokens = shape.Tokens,
                Chunks = lists.Chunks,
                Head = head,
            }, 128, lists.Most, heads, shape.Blocks);
            launcher.Launch("moba_forward_join", shape.Defines, new ForwardJoinArgs
            {
                Chosen = (int*)TensorPointer.Of(chosen),
                Parts = (float*)TensorPointer.Of(parts),
                Ends = (float*)TensorPointer.Of(ends),
                Y = TensorPointer.Of(y),
                Exact = (float*)TensorPointer.Of(exact),
                Lse = (float*)TensorPointer.Of(lse),
                Tokens = shape.Tokens,
                Head = head,
            }, 256, (shape.Tokens + 15) / 16, heads);
        }

        y.MoveToOuterDisposeScope();
        // Saved when this returns: they must outlive this scope, and end with the caller's.
        Tensor[] saved = [q, k, v, exact, lse, chosen, lists.Entries, lists.Items, lists.Firsts];
        foreach (Tensor tensor in saved) tensor.MoveToOuterDisposeScope();
        ctx.save_for_backward([.. saved]);
        ctx.save_data("chunk", chunkSize);
        ctx.save_data("topK", topK);
        ctx.save_data("launcher", launcher);
        return y;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor chosen) = (saved[0], saved[1], saved[2], saved[3], saved[4], saved[5]);
        ChunkLists lists = new(saved[6], saved[7], saved[8]);
        (int chunkSize, int topK, var launcher) = ((int)ctx.get_data("chunk"), (int)ctx.get_data("topK"), (IKernelLauncher)ctx.get_data("launcher"));
        Shape shape = new(q, chunkSize, topK);
        Tensor dy = grad_output.to(q.dtype).contiguous(), delta = empty_like(lse);
        Tensor dq = empty_like(q), dk = empty_like(k), dv = empty_like(v);
        launcher.Launch("moba_delta", [], new DeltaArgs
        {
            Dy = TensorPointer.Of(dy),
            Y = (float*)TensorPointer.Of(y),
            Delta = (float*)TensorPointer.Of(delta),
            Rows = (int)lse.numel(),
        }, 256, (int)((lse.numel() + 7) / 8));
        Tensor parts = empty(shape.HeadsAtOnce * shape.PartsOfHead, 64, dtype: ScalarType.Float32, device: q.device);
        Tensor slices = empty(shape.HeadsAtOnce, lists.Most, 2 * chunkSize, 64, dtype: ScalarType.Float32, device: q.device);
        foreach ((int head, int heads) in shape.Slices())
        {
            launcher.Launch("moba_backward_tiles", shape.Defines, new BackwardTilesArgs
            {
                Q = TensorPointer.Of(q),
                K = TensorPointer.Of(k),
                V = TensorPointer.Of(v),
                Dy = TensorPointer.Of(dy),
                List = (int*)TensorPointer.Of(lists.Entries),
                Items = (int*)TensorPointer.Of(lists.Items),
                Firsts = (int*)TensorPointer.Of(lists.Firsts),
                Lse = (float*)TensorPointer.Of(lse),
                Delta = (float*)TensorPointer.Of(delta),
                Parts = (float*)TensorPointer.Of(parts),
                Slices = (float*)TensorPointer.Of(slices),
                Tokens = shape.Tokens,
                Chunks = lists.Chunks,
                Head = head,
            }, 128, lists.Most, heads, shape.Blocks);
            launcher.Launch("moba_backward_join", shape.Defines, new BackwardJoinArgs
            {
                Chosen = (int*)TensorPointer.Of(chosen),
                Firsts = (int*)TensorPointer.Of(lists.Firsts),
                Parts = (float*)TensorPointer.Of(parts),
                Slices = (float*)TensorPointer.Of(slices),
                Dq = TensorPointer.Of(dq),
                Dk = TensorPointer.Of(dk),
                Dv = TensorPointer.Of(dv),
                Tokens = shape.Tokens,
                Chunks = lists.Chunks,
                Most = lists.Most,
                Head = head,
            }, 256, (shape.Tokens + 15) / 16, heads);
        }

        return [dq.MoveToOuterDisposeScope(), dk.MoveToOuterDisposeScope(), dv.MoveToOuterDisposeScope(), null!, null!, null!];
    }

    /// <summary>How the work is cut.</summary>
    private readonly struct Shape(Tensor q, int chunkSize, int topK)
    {
        /// <summary>T.</summary>
        public int Tokens { get; } = (int)q.shape[2];

        /// <summary>Blocks of keys of a chunk.</summary>
        public int Blocks => chunkSize / Keys;

        /// <summary>What the queries of a head get from blocks of keys, each by itself.</summary>
        public long PartsOfHead => (long)Tokens * topK * Blocks;

        /// <summary>Heads whose parts are in memory at once.</summary>
        public int HeadsAtOnce => (int)Math.Clamp(PartBytes / (PartsOfHead * 64 * sizeof(float)), 1, Heads);

        /// <summary>Compiler options of every kernel over tiles.</summary>
        public string[] Defines => [$"-DCHUNK={chunkSize}", $"-DKEYS={Keys}", $"-DCHOICES={topK - 1}"];

        private int Heads { get; } = (int)(q.shape[0] * q.shape[1]);

        private int Keys => chunkSize % 64 == 0 ? 64 : 32;

        /// <summary>Runs of heads.</summary>
        public IEnumerable<(int Head, int Count)> Slices()
        {
            (int all, int step) = (Heads, HeadsAtOnce);
            return Enumerable.Range(0, (all + step - 1) / step).Select(i => (i * step, Math.Min(step, all - (i * step))));
        }
    }

    /// <summary>As in moba_forward_tiles.cu.</summary>
    private struct ForwardTilesArgs
    {
        public void* Q, K, V;
        public int* List, Items, Firsts;
        public float* Parts, Ends;
        public int Tokens, Chunks, Head;
    }

    /// <summary>As in moba_forward_join.cu.</summary>
    private struct ForwardJoinArgs
    {
        public int* Chosen;
        public float* Parts, Ends;
        public void* Y;
        public float* Exact, Lse;
        public int Tokens, Head;
    }

    /// <summary>As in moba_backward_tiles.cu.</summary>
    private struct BackwardTilesArgs
    {
        public void* Q, K, V, Dy;
        public int* List, Items, Firsts;
        public float* Lse, Delta, Parts, Slices;
        public int Tokens, Chunks, Head;
    }

    /// <summary>As in moba_backward_join.cu.</summary>
    private struct BackwardJoinArgs
    {
        public int* Chosen, Firsts;
        public float* Parts, Slices;
        public void* Dq, Dk, Dv;
        public int Tokens, Chunks, Most, Head;
    }

    /// <summary>As in moba_delta.cu.</summary>
    private struct DeltaArgs
    {
        public void* Dy;
        public float* Y, Delta;
        public int Rows;
    }
}
