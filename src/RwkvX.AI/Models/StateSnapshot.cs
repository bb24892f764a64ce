using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Models;

/// <summary>A state that no engine owns: what files hold and engines exchange.</summary>
public sealed class StateSnapshot
{
    /// <summary>The model's sizes; a snapshot fits only a model of the same ones.</summary>
    public required RwkvXConfig Config { get; init; }

    /// <summary>Tokens consumed, T.</summary>
    public required long TokenCount { get; init; }

    /// <summary>(L) states of the RWKV layers.</summary>
    public required IReadOnlyList<RwkvLayerSnapshot> RwkvLayers { get; init; }

    /// <summary>(M) states of the sparse-attention layers.</summary>
    public required IReadOnlyList<SparseLayerSnapshot> SparseLayers { get; init; }

    /// <summary>The element type of <see cref="PageSnapshot.Keys"/> and <see cref="PageSnapshot.Values"/>: F32, BF16 or F16.</summary>
    public TensorType PageType { get; init; } = TensorType.F32;

    /// <summary>
    /// Keeps the keys and values of the pages readable; null where they are plain memory. Whoever is done with a snapshot that an engine
    /// exported may dispose it, or leave that to the garbage collector; a store's ends with its opened state.
    /// </summary>
    public IPageLease? Lease { get; init; }
}

/// <summary>The state of one RWKV layer.</summary>
/// <param name="AttXPrev">(C) the last token's vector after LN1.</param>
/// <param name="Wkv">(H, N, N) rows = value index, columns = key index.</param>
/// <param name="FfnXPrev">(C) the last token's vector after LN2.</param>
public sealed record RwkvLayerSnapshot(float[] AttXPrev, float[] Wkv, float[] FfnXPrev);

/// <summary>The state of one sparse-attention layer.</summary>
/// <param name="FfnXPrev">(C) the last token's vector after LN2.</param>
/// <param name="Pages">The chunks of keys and values from position 0; all full but perhaps the last.</param>
public sealed record SparseLayerSnapshot(float[] FfnXPrev, IReadOnlyList<PageSnapshot> Pages)
{
    /// <summary>(full pages) how often a head chose each page so far; empty where nobody counted.</summary>
    public IReadOnlyList<int> Looks { get; init; } = [];
}

/// <summary>One chunk of keys and values of a sparse-attention layer.</summary>
/// <param name="RowCount">Tokens in the page, 1 to the chunk size.</param>
/// <param name="Keys">(RowCount, C) in <see cref="StateSnapshot.PageType"/>, little-endian; C is head-major.</param>
/// <param name="Values">(RowCount, C) likewise.</param>
/// <param name="Mean">(C) f32, the mean of the keys as stored; null while the page is not full.</param>
public sealed record PageSnapshot(int RowCount, ReadOnlyMemory<byte> Keys, ReadOnlyMemory<byte> Values, float[]? Mean)
{
    /// <summary>Whether the page was dropped: it has neither keys nor values nor a mean, and is never chosen.</summary>
    public bool IsDropped { get; init; }

    /// <summary>A full page that was dropped.</summary>
    /// <param name="rowCount">Tokens that were in it: the chunk size.</param>
    public static PageSnapshot Dropped(int rowCount) => new(rowCount, default, default, null) { IsDropped = true };
}
