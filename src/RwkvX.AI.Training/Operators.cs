using RwkvX.AI.Models;
using RwkvX.AI.Training.Attention;
using RwkvX.AI.Training.Layers;
using RwkvX.AI.Training.Wkv;

namespace RwkvX.AI.Training;

/// <summary>The forms of the two operators that matter for speed.</summary>
internal static class Operators
{
    private const int WkvChunk = 16; // tokens; 64 is within single precision too, and cheaper where products run on tensor cores

    /// <summary>The recurrence by chunks in plain operations.</summary>
    public static WkvForm PlainWkv { get; } = new ChunkedWkv(WkvChunk, ChunkScan.Plain).Forward;

    /// <summary>The sparse attention by slices in plain operations, linear in memory.</summary>
    public static AttentionForm PlainAttention(RwkvXConfig config) =>
        (q, k, v) => SlicedAttention.Forward(q, k, v, config.MobaChunkSize, config.MobaTopK);
}
