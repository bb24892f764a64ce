namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>How far a log reaches, acknowledged: what the index remembers so that a loss is noticed.</summary>
/// <param name="Bytes">Of the file; 0 = no record of its own, no file.</param>
/// <param name="Records">Records, those before the fork included.</param>
/// <param name="Chain">(32) the chain after them.</param>
/// <param name="Counts">What lies on the way to the head.</param>
internal sealed record LogExtent(long Bytes, long Records, byte[] Chain, LogCounts Counts);
