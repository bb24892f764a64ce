using Microsoft.Extensions.Logging;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat;

/// <summary>What is logged: counts and names, never what was said.</summary>
internal static partial class ChatLog
{
    [LoggerMessage(1, LogLevel.Information, "Loaded {ModelId}: {Engine}")]
    public static partial void Loaded(ILogger logger, string modelId, EngineInfo engine);

    [LoggerMessage(2, LogLevel.Debug, "Answered {ResponseId}: {InputTokens} tokens in ({CachedTokens} cached), {OutputTokens} out, {FinishReason}, {Milliseconds} ms")]
    public static partial void Answered(
        ILogger logger, string responseId, long inputTokens, long cachedTokens, int outputTokens, string finishReason, double milliseconds);

    [LoggerMessage(3, LogLevel.Debug, "Abandoned {ResponseId}: cancelled, or its reader left")]
    public static partial void Abandoned(ILogger logger, string responseId);

    [LoggerMessage(4, LogLevel.Error, "Failed {ResponseId}")]
    public static partial void Failed(ILogger logger, string responseId, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "The state after {Tokens} tokens does not fit the option PrefixCacheBytes ({Budget}): the next turn computes all of them again")]
    public static partial void StateDoesNotFit(ILogger logger, long tokens, long budget);

    [LoggerMessage(6, LogLevel.Warning, "The host's time to stop is over: {Requests} requests are cut off")]
    public static partial void Cut(ILogger logger, int requests);

    [LoggerMessage(7, LogLevel.Information, "Refused {ResponseId}: {Reason}")]
    public static partial void Refused(ILogger logger, string responseId, string reason);

    [LoggerMessage(8, LogLevel.Debug, "Asked {ResponseId}: {Messages}")]
    public static partial void Asked(ILogger logger, string responseId, string messages);

    [LoggerMessage(9, LogLevel.Debug, "Said {ResponseId}: {Answer}")]
    public static partial void Said(ILogger logger, string responseId, string answer);

    [LoggerMessage(20, LogLevel.Information, "Device auto takes the CPU; no GPU: {Reason}")]
    public static partial void GpuPassedOver(ILogger logger, string reason);
}
