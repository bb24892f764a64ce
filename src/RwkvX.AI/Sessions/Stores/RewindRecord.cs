using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>The head went back: what follows continues after the first <paramref name="Target"/> records.</summary>
/// <param name="Target">Records that stay on the way to the head.</param>
/// <param name="Counts">What lies on the way there: it may be in another log.</param>
internal sealed record RewindRecord(long Target, LogCounts Counts) : LogRecord;
