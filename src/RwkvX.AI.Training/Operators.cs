using RwkvX.AI.Models;
using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Wkv;
using TorchSharp;

namespace RwkvX.AI.Training;

/// <summary>The forms of the two operators that matter for speed.</summary>
/// <param name="Wkv">The recurrence.</param>
/// <param name="Attend">The sparse attention.</param>
internal sealed record Operators(WkvForm Wkv, AttentionForm Attend)
{
    private const int CpuChunk = 16; // tokens: less work in all, since products inside a chunk grow with it
    private const int GpuChunk = 64; // fewer steps of the scan; still within single precision

    /// <summary>The forms for a model on a device.</summary>
    public static Operators For(RwkvXConfig config, torch.Device device) => Plain(config, device.type == DeviceType.CUDA ? GpuChunk : CpuChunk);

    /// <summary>Plain operations, linear in memory.</summary>
    public static Operators Plain(RwkvXConfig config, int wkvChunk = CpuChunk) => new(
        new ChunkedWkv(wkvChunk, ChunkScan.Plain).Forward,
        (q, k, v) => SlicedAttention.Forward(q, k, v, config.MobaChunkSize, config.MobaTopK));
}
