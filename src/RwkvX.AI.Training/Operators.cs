using RwkvX.AI.Models;
using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Cuda;
using RwkvX.AI.Training.Elementwise;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Wkv;
using TorchSharp;

namespace RwkvX.AI.Training;

/// <summary>The forms of the operators that matter for speed.</summary>
/// <param name="Wkv">The recurrence.</param>
/// <param name="Attend">The sparse attention.</param>
/// <param name="Elementwise">What lies between the products.</param>
internal sealed record Operators(WkvForm Wkv, AttentionForm Attend, ElementwiseForms Elementwise)
{
    /// <summary>The environment variable that, set to 1, keeps a run on a GPU to plain operations: slower, and a second opinion.</summary>
    public const string PlainVariable = "RWKVX_TRAIN_PLAIN";

    private const int CpuChunk = 16; // tokens: less work in all, since products inside a chunk grow with it
    private const int GpuChunk = 64; // fewer steps of the scan; still within single precision

    private static readonly Lazy<IKernelLauncher> Launcher = new(() => new CudaKernelLauncher());

    /// <summary>Where the kernels of these forms run, and the optimizer's can; null for plain operations.</summary>
    public IKernelLauncher? Kernels { get; private init; }

    /// <summary>The forms for a model on a device.</summary>
    public static Operators For(RwkvXConfig config, torch.Device device)
    {
        bool isCuda = device.type == DeviceType.CUDA;
        if (!isCuda || Environment.GetEnvironmentVariable(PlainVariable) == "1") return Plain(config, isCuda ? GpuChunk : CpuChunk);
        return WithKernels(config, Launcher.Value);
    }

    /// <summary>Our kernels; the attention only where its chunk size suits them.</summary>
    public static Operators WithKernels(RwkvXConfig config, IKernelLauncher launcher)
    {
        Operators plain = Plain(config, GpuChunk);
        return new Operators(
            (r, logW, k, v, a, b) => KernelWkv.Forward(launcher, r, logW, k, v, a, b),
            KernelAttention.Supports(config.MobaChunkSize)
                ? FullAttention.Or((q, k, v) => KernelAttention.Forward(launcher, q, k, v, config.MobaChunkSize, config.MobaTopK), config.MobaChunkSize, config.MobaTopK)
                : plain.Attend,
            KernelElementwise.Supports(config) ? KernelElementwise.Forms(launcher, narrow: true) : plain.Elementwise)
        { Kernels = launcher };
    }

    /// <summary>Plain operations, linear in memory.</summary>
    public static Operators Plain(RwkvXConfig config, int wkvChunk = CpuChunk) => new(
        new ChunkedWkv(wkvChunk, ChunkScan.Plain).Forward,
        FullAttention.Or((q, k, v) => SlicedAttention.Forward(q, k, v, config.MobaChunkSize, config.MobaTopK), config.MobaChunkSize, config.MobaTopK),
        PlainElementwise.Forms);
}
