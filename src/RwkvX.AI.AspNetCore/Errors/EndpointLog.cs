using Microsoft.Extensions.Logging;

namespace RwkvX.AI.AspNetCore.Errors;

/// <summary>What the endpoint logs: counts and names, never what was said.</summary>
internal static partial class EndpointLog
{
    [LoggerMessage(1, LogLevel.Error, "Failed {RequestId} {Path}")]
    public static partial void Failed(ILogger logger, string requestId, string path, Exception exception);

    [LoggerMessage(2, LogLevel.Debug, "Refused {RequestId} {Path}: {Status} {Code}, {Param}")]
    public static partial void Refused(ILogger logger, string requestId, string path, int status, string? code, string? param);

    [LoggerMessage(3, LogLevel.Debug, "Abandoned {RequestId} {Path}: its client left")]
    public static partial void Abandoned(ILogger logger, string requestId, string path);
}
