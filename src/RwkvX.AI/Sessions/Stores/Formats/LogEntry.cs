namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>Where a record lies in its log, and what is known after it.</summary>
/// <param name="Offset">The frame's first byte.</param>
/// <param name="Length">Bytes of the frame.</param>
/// <param name="Kind">The record's kind.</param>
/// <param name="Flags">The frame's flags.</param>
/// <param name="Chain">(32) the chain after it.</param>
/// <param name="Counts">What lies on the way to the place after it.</param>
/// <param name="Label">The label, of a checkpoint.</param>
/// <param name="Target">The target, of a rewind; otherwise −1.</param>
/// <param name="Dropped">What was dropped, of a drop; otherwise null.</param>
internal sealed record LogEntry(long Offset, int Length, byte Kind, byte Flags, byte[] Chain, LogCounts Counts, string? Label, long Target, DropTotal? Dropped);
