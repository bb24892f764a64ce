using Microsoft.Extensions.Logging;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>What is logged: names and counts, never what was said.</summary>
internal static partial class MemoryLog
{
    [LoggerMessage(20, LogLevel.Warning, "{Key}: the state after {Tokens} tokens was not stored; the next reopening replays more of the log")]
    public static partial void SnapshotFailed(ILogger logger, ConversationKey key, long tokens, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "{Key}: a stored state was passed over: {Problem}")]
    public static partial void StatePassedOver(ILogger logger, ConversationKey key, StoreProblem problem);

    [LoggerMessage(22, LogLevel.Debug, "{Key}: state of {Tokens} tokens from {Tier}, {Replayed} replayed, {Milliseconds} ms")]
    public static partial void Restored(ILogger logger, ConversationKey key, long tokens, RestoredFrom tier, long replayed, double milliseconds);

    [LoggerMessage(23, LogLevel.Information, "{Key}: {Pages} pages of {Bytes} bytes were dropped after {Tokens} tokens: the budget is {Budget} bytes")]
    public static partial void Dropped(ILogger logger, ConversationKey key, int pages, long bytes, long tokens, long budget);

    [LoggerMessage(24, LogLevel.Warning, "A state of {Tokens} tokens was not kept in main memory when it left the device; it is rebuilt from the store when it is needed")]
    public static partial void NotMovedDown(ILogger logger, long tokens, Exception exception);

    [LoggerMessage(25, LogLevel.Warning, "{Key}: the state in main memory could not go back to the device; it is rebuilt from the store")]
    public static partial void NotMovedUp(ILogger logger, ConversationKey key, Exception exception);
}
