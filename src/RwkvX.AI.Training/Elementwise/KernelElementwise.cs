using RwkvX.AI.Models;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Layers;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Elementwise;

/// <summary>What lies between the products of a layer, by kernels: one pass over memory each.</summary>
internal static class KernelElementwise
{
    private const int Own = 8, WarpSize = 32; // columns of a thread, as in rows.cuh
    private const int MostColumns = 1024 * Own;

    /// <summary>Rows that a block goes through.</summary>
    public const int Run = 16;

    /// <summary>Whether the kernels can do this shape.</summary>
    public static bool Supports(RwkvXConfig config) => config.HeadSize == 64 && config.EmbeddingSize % 64 == 0 && config.EmbeddingSize <= MostColumns;

    /// <summary>All of them.</summary>
    /// <param name="launcher">Where they run.</param>
    /// <param name="narrow">The recurrence's operands but ln w are of the compute type; else they are all F32.</param>
    public static ElementwiseForms Forms(IKernelLauncher launcher, bool narrow = false) => new(
        (x, added, weight, bias, mix, compute) => KernelShiftMix.Forward(launcher, x, added, weight, bias, mix, compute),
        inputs => KernelWkvOperands.Forward(launcher, inputs, narrow ? inputs.R.dtype : ScalarType.Float32),
        (y, o, weight, bias, gate) => KernelWkvResult.Forward(launcher, y, o, weight, bias, gate),
        x => KernelSquaredRelu.Forward(launcher, x));

    /// <summary>Threads of a block that has rows of C columns.</summary>
    public static int Threads(long columns) => (int)(((columns / Own) + WarpSize - 1) / WarpSize) * WarpSize;

    /// <summary>Blocks for so many rows.</summary>
    public static int Runs(long rows) => (int)((rows + Run - 1) / Run);

    /// <summary>What all sources take.</summary>
    public static string[] Defines(long columns, ScalarType compute, params ReadOnlySpan<string> more) =>
        [$"-DC={columns}", $"-DRUN={Run}", compute == ScalarType.BFloat16 ? "-DBF16=1" : "-DBF16=0", .. more];

    /// <summary>The blocks' gradients of parameters, (blocks, count, C), added up in a fixed order.</summary>
    /// <returns>One for each of the parameters, in its shape.</returns>
    public static IEnumerable<Tensor> ParameterGradients(Tensor partials, IReadOnlyList<Tensor> parameters)
    {
        Tensor sums = partials.sum([0L]);
        return parameters.Select((parameter, i) => sums.select(0, i).view(parameter.shape));
    }
}
