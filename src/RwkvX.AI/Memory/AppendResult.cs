using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>What was read into a conversation.</summary>
/// <param name="Head">Where the conversation stands now.</param>
/// <param name="Tokens">Tokens that this call appended.</param>
/// <param name="Restored">Where the state came from that it went on from.</param>
public sealed record AppendResult(LogPosition Head, long Tokens, RestoreReport Restored)
{
    /// <summary>Pages that the retention policy dropped in this call.</summary>
    public long DroppedPages { get; init; }

    /// <summary>Bytes that they had.</summary>
    public long DroppedBytes { get; init; }
}
