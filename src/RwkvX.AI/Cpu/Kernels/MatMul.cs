using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Cpu.Kernels;

/// <summary>y[t, o] = Σ_k x[t, k] · w[o, k], weights in their stored form, everything else in single precision.</summary>
/// <remarks>
/// The order in which an element is summed depends on K alone: not on T, the number of outputs, the split into calls, or the
/// threads. One row runs as a matrix-vector product that streams the weights; more rows run in register tiles over panels of
/// widened weights. See docs/kernels/matmul.md.
/// </remarks>
internal static unsafe class MatMul
{
    /// <summary>The instruction set in use, for people.</summary>
    public static string InstructionSet =>
        MatMulVector512.IsSupported ? "AVX-512" : MatMulVector256.IsSupported ? "AVX2" : MatMulVector128.IsSupported ? "128-bit SIMD" : "scalar";

    /// <summary>Computes this worker's slice of the outputs of one product. No barrier inside: others' outputs are complete after one.</summary>
    /// <param name="worker">Whose slice.</param>
    /// <param name="x">(T, K) inputs, unaligned.</param>
    /// <param name="rows">T.</param>
    /// <param name="ldx">Floats from one row of x to the next.</param>
    /// <param name="w">(O, K) weights.</param>
    /// <param name="y">(T, O) results; must not overlap x.</param>
    /// <param name="ldy">Floats from one row of y to the next.</param>
    public static void Run(Worker worker, float* x, int rows, int ldx, WeightMatrix w, float* y, int ldy)
    {
        MatMulProduct product = new(x, ldx, w, y, ldy);
        Run(worker, rows, new ReadOnlySpan<MatMulProduct>(in product));
    }

    /// <summary>Computes this worker's share of several products that do not depend on each other, split by the work in all of them.</summary>
    /// <param name="worker">Whose share.</param>
    /// <param name="rows">T, the same for all.</param>
    /// <param name="products">The products.</param>
    public static void Run(Worker worker, int rows, params ReadOnlySpan<MatMulProduct> products)
    {
        long total = 0;
        foreach (ref readonly MatMulProduct product in products)
        {
            total += (long)product.W.Rows * product.W.Columns;
        }

        long from = total * worker.Index / worker.Count;
        long to = total * (worker.Index + 1) / worker.Count;
        long before = 0;
        foreach (ref readonly MatMulProduct product in products)
        {
            WeightMatrix w = product.W;
            int start = Cut(from - before, w);
            int end = Cut(to - before, w);
            before += (long)w.Rows * w.Columns;
            if (start < end && rows > 0)
            {
                Run(worker, product, rows, start, end);
            }
        }
    }

    /// <summary>The first row that lies wholly behind <paramref name="position"/> weights of the matrix.</summary>
    private static int Cut(long position, WeightMatrix w) =>
        (int)Math.Clamp((position + w.Columns - 1) / w.Columns, 0, w.Rows);

    private static void Run(Worker worker, in MatMulProduct product, int rows, int start, int end)
    {
        if (MatMulVector512.IsSupported)
        {
            Run<MatMulVector512>(worker, product, rows, start, end);
        }
        else if (MatMulVector256.IsSupported)
        {
            Run<MatMulVector256>(worker, product, rows, start, end);
        }
        else if (MatMulVector128.IsSupported)
        {
            Run<MatMulVector128>(worker, product, rows, start, end);
        }
        else
        {
            Run<MatMulScalar>(worker, product, rows, start, end);
        }
    }

    /// <summary>Outputs [start, end) with one instruction set's kernels; tests call it for every set that the machine has.</summary>
    internal static void Run<TKernel>(Worker worker, in MatMulProduct product, int rows, int start, int end)
        where TKernel : struct, IMatMulKernel
    {
        switch (product.W.Type)
        {
            case TensorType.F32:
                Run<TKernel, MatMulF32Weights>(worker, product, rows, start, end);
                break;
            case TensorType.BF16:
                Run<TKernel, MatMulBF16Weights>(worker, product, rows, start, end);
                break;
            case TensorType.F16:
                Run<TKernel, MatMulF16Weights>(worker, product, rows, start, end);
                break;
            default:
                Run<TKernel, MatMulI8Weights>(worker, product, rows, start, end);
                break;
        }
    }

    private static void Run<TKernel, TWeights>(Worker worker, in MatMulProduct product, int rows, int start, int end)
        where TKernel : struct, IMatMulKernel
        where TWeights : struct, IMatMulWeights
    {
        if (rows == 1)
        {
            WeightMatrix w = product.W;
            float* scales = w.Scales == null ? null : w.Scales + start;
            TKernel.Dot<TWeights>(product.X, w.Columns, w.Row(start), scales, product.Y + start, end - start);
        }
        else if (rows <= TKernel.DirectRows)
        {
            TKernel.DotRows<TWeights>(product, rows, start, end);
        }
        else
        {
            MatMulBlocks<TKernel, TWeights>.Run(worker, product, rows, start, end);
        }
    }
}
