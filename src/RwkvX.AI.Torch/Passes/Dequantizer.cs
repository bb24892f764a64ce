using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Weights;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Gives matrix products large matrices in the engine's type: those that have 8 bits one at a time, widened into a buffer.</summary>
/// <param name="stream">The stream of all products: the next matrix is widened when the product before has read the last one.</param>
/// <param name="shape">The types.</param>
/// <param name="kernels">The kernel dequantize.cu.</param>
/// <param name="buffer">Device address of room for <see cref="Bytes"/>.</param>
internal sealed class Dequantizer(CudaStream stream, ModelShape shape, KernelSet kernels, ulong buffer)
{
    /// <summary>Bytes of the buffer: the key or value matrix of a channel mix; of a larger one (the head) a part at a time is asked for.</summary>
    public static long Bytes(ModelShape shape) => shape.MatrixType == 0 ? 0 : (long)shape.F * shape.C * shape.ElementBytes;

    /// <summary>Where a matrix lies in the engine's type, until the next call.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="rows">Its rows as it lies there.</param>
    /// <param name="columns">Its columns, likewise; a multiple of 16, as all widths of a model are.</param>
    /// <param name="transposed">Whether it lies transposed, with a scale a column.</param>
    public ulong Widen(MatrixWeights matrix, int rows, int columns, bool transposed = false)
    {
        if (shape.MatrixType == 0)
            return matrix.Values;
        const int Vector = 16, Threads = 256; // as in dequantize.cu
        DequantizeArgs args = new() { From = matrix.Values, Scales = matrix.Scales, To = buffer, Rows = (uint)rows, Words = (uint)(columns / Vector), ByColumn = transposed ? 1 : 0 };
        kernels["dequantize"].Launch(stream, args, (int)((args.Rows * args.Words + Threads - 1) / Threads));
        return buffer;
    }
}
