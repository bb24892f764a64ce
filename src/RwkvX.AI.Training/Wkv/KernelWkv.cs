using RwkvX.AI.Training.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Wkv;

/// <summary>The recurrence by kernels, one block a chunk of 64 tokens, with the matrices of a chunk in shared memory and a scan over the states between chunks.</summary>
/// <remarks>
/// The maths is that of <see cref="ChunkedWkv"/>, put so that little depends on the states: y = Y₀ + Q·Sᵀ; docs/kernels/training.md has it, and the gradients.
/// Kept for the backward pass: the inputs, the states before chunks, and M, Q and U, each as large as one input. Nothing is added by atomics.
/// </remarks>
internal sealed unsafe class KernelWkv : autograd.SingleTensorFunction<KernelWkv>
{
    private const int Chunk = 64, N = 64;
    private const int Team = 256; // threads
    private const int Tile = 64 * 68 * sizeof(float); // bytes, as in wkv_tiles.cuh

    /// <inheritdoc/>
    public override string Name => nameof(KernelWkv);

    /// <summary>y (B, T, H, 64) F32 from r, ln w, k, v, a, b of the same shape; ln w F32, the others all F32 or all BF16.</summary>
    public static Tensor Forward(IKernelLauncher launcher, Tensor r, Tensor logW, Tensor k, Tensor v, Tensor a, Tensor b) =>
        apply(r, logW, k, v, a, b, launcher);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] inputs = [.. vars.Take(6).Select(x => ((Tensor)x).contiguous())];
        Check(inputs);
        var launcher = (IKernelLauncher)vars[6];
        (int B, int T, int H) = Sizes(inputs[0]);
        int chunks = (T + Chunk - 1) / Chunk;
        Tensor Matrices() => empty(B * H, chunks, N, N, dtype: ScalarType.Float32, device: inputs[0].device);
        Tensor m = Matrices(), g = Matrices(), q = Matrices(), w = Matrices(), u = Matrices(), y = empty_like(inputs[1]);
        launcher.Launch("wkv_chunks", Defines(inputs[0]), new ChunksArgs
        {
            Inputs = new Inputs(inputs),
            M = Floats(m),
            G = Floats(g),
            Q = Floats(q),
            W = Floats(w),
            U = Floats(u),
            Y = Floats(y),
            Tokens = T,
            Heads = H,
        }, Team, chunks, B * H, sharedBytes: (6 * Tile) + (256 * sizeof(float)));
        Tensor s = new ScanKernel(launcher).Scan(m, g, reverse: false);
        launcher.Launch("wkv_outputs", Defines(inputs[0]), new OutputsArgs
        {
            Q = Floats(q),
            W = Floats(w),
            S = Floats(s),
            U = Floats(u),
            Y = Floats(y),
            Tokens = T,
            Heads = H,
        }, Team, chunks, B * H, sharedBytes: 3 * Tile);
        // Saved when this returns: they must outlive this scope, and end with the caller's.
        Tensor[] kept = [.. inputs, s, m, q, u];
        foreach (Tensor tensor in kept) tensor.MoveToOuterDisposeScope();
        ctx.save_for_backward([.. kept]);
        ctx.save_data("launcher", launcher);
        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor[] inputs = [.. saved.Take(6)];
        (Tensor s, Tensor m, Tensor q, Tensor u) = (saved[6], saved[7], saved[8], saved[9]);
        var launcher = (IKernelLauncher)ctx.get_data("launcher");
        (int B, int T, int H) = Sizes(inputs[0]);
        int chunks = (int)s.shape[1];
        Tensor dy = grad_output.to(ScalarType.Float32).contiguous(), ds = empty_like(s);
        launcher.Launch("wkv_state_gradients", Defines(inputs[0]), new StateGradientsArgs
        {
            Dy = Floats(dy),
            Q = Floats(q),
            Ds = Floats(ds),
            Tokens = T,
            Heads = H,
        }, Team, chunks, B * H, sharedBytes: 2 * Tile);
        Tensor d = new ScanKernel(launcher).Scan(m, ds, reverse: true); // of the state behind each chunk
        Tensor[] gradients = [.. inputs.Select(_ => empty_like(inputs[1]))];
        launcher.Launch("wkv_gradients", Defines(inputs[0]), new GradientsArgs
        {
            Inputs = new Inputs(inputs),
            U = Floats(u),
            S = Floats(s),
            D = Floats(d),
            Dy = Floats(dy),
            Dr = Floats(gradients[0]),
            DlogW = Floats(gradients[1]),
            Dk = Floats(gradients[2]),
            Dv = Floats(gradients[3]),
            Da = Floats(gradients[4]),
            Db = Floats(gradients[5]),
            Tokens = T,
            Heads = H,
        }, 2 * Team, chunks, B * H, sharedBytes: (11 * Tile) + (1088 * sizeof(float)));
        return [.. gradients.Select((gradient, i) => gradient.to(inputs[i].dtype).MoveToOuterDisposeScope()), null!];
    }

    private static void Check(Tensor[] inputs)
    {
        ScalarType type = inputs[0].dtype;
        if (inputs[0].shape[3] != N || inputs[1].dtype != ScalarType.Float32 || type is not (ScalarType.Float32 or ScalarType.BFloat16)
            || inputs.Where((_, i) => i != 1).Any(x => x.dtype != type))
        {
            throw new ArgumentException(
                $"expected heads of {N}, ln w in F32 and the others all in F32 or BF16, got {string.Join(", ", inputs.Select(x => $"({string.Join(", ", x.shape)}) {x.dtype}"))}",
                nameof(inputs));
        }
    }

    private static (int B, int T, int H) Sizes(Tensor x) => ((int)x.shape[0], (int)x.shape[1], (int)x.shape[2]);

    private static string[] Defines(Tensor r) => [r.dtype == ScalarType.BFloat16 ? "-DBF16=1" : "-DBF16=0"];

    private static float* Floats(Tensor tensor) => (float*)TensorPointer.Of(tensor);

    /// <summary>What both structs of the larger kernels begin with.</summary>
    private readonly struct Inputs(Tensor[] inputs)
    {
        public readonly void* R = TensorPointer.Of(inputs[0]);
        public readonly float* LogW = Floats(inputs[1]);
        public readonly void* K = TensorPointer.Of(inputs[2]), V = TensorPointer.Of(inputs[3]), A = TensorPointer.Of(inputs[4]), B = TensorPointer.Of(inputs[5]);
    }

    /// <summary>As in wkv_chunks.cu.</summary>
    private struct ChunksArgs
    {
        public Inputs Inputs;
        public float* M, G, Q, W, U, Y;
        public int Tokens, Heads;
    }

    /// <summary>As in wkv_outputs.cu.</summary>
    private struct OutputsArgs
    {
        public float* Q, W, S, U, Y;
        public int Tokens, Heads;
    }

    /// <summary>As in wkv_state_gradients.cu.</summary>
    private struct StateGradientsArgs
    {
        public float* Dy, Q, Ds;
        public int Tokens, Heads;
    }

    /// <summary>As in wkv_gradients.cu.</summary>
    private struct GradientsArgs
    {
        public Inputs Inputs;
        public float* U, S, D, Dy, Dr, DlogW, Dk, Dv, Da, Db;
        public int Tokens, Heads;
    }
}
