using Microsoft.AspNetCore.Http;
using RwkvX.AI.Chat;
using RwkvX.AI.Grammars;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.AspNetCore.Errors;

/// <summary>What every exception becomes for the one who asked.</summary>
internal static class ApiErrors
{
    private const int RetrySoon = 1, RetryElsewhere = 10; // seconds

    /// <summary>The error of an exception; 500, and none of its words, for one that is not the caller's doing.</summary>
    public static ApiException Of(Exception exception) => exception switch
    {
        ApiException error => error,
        BadHttpRequestException bad => new(bad.StatusCode, ApiException.InvalidRequest, bad.Message, inner: bad),
        ModelNotLoadedException model => NotFound(model, "model", "model_not_found"),
        ConversationNotFoundException conversation => NotFound(conversation, "conversation", "conversation_not_found"),
        ConversationLockedException locked => new(409, ApiException.InvalidRequest, locked.Message, "conversation", "conversation_locked", locked) { RetryAfter = RetrySoon },
        WrongModelException other => new(409, ApiException.InvalidRequest, other.Message, "conversation", "conversation_of_another_model", other),
        GrammarException grammar => Refused(grammar, "unsupported_schema", grammar.InnerException is GrammarException ? "tools" : "response_format"), // a function's names it
        GrammarLimitException limit => Refused(limit, "invalid_value", "max_completion_tokens"),
        RwkvXOverloadedException overload => Overloaded(overload),
        RwkvXStoppingException or ObjectDisposedException => ShuttingDown(exception),
        ArgumentNullException => Unexpected(exception),
        ArgumentException or NotSupportedException => Refused(exception, "invalid_value"),
        _ => Unexpected(exception),
    };

    /// <summary>The server ends and takes no more requests.</summary>
    public static ApiException ShuttingDown(Exception? inner = null) => new(
        StatusCodes.Status503ServiceUnavailable, "server_error", "The server is shutting down", code: "service_unavailable", inner: inner)
    {
        RetryAfter = RetryElsewhere,
    };

    /// <summary>The request took longer than it may.</summary>
    public static ApiException TimedOut(TimeSpan limit) => new(
        StatusCodes.Status504GatewayTimeout, "server_error", $"The request took longer than {limit.TotalSeconds:0.###} s and was cancelled", code: "timeout");

    private static ApiException Overloaded(RwkvXOverloadedException overload) => new(
        StatusCodes.Status429TooManyRequests, "requests", overload.Message, code: "rate_limit_exceeded", inner: overload)
    {
        RetryAfter = (int)Math.Ceiling(overload.RetryAfter.TotalSeconds),
    };

    private static ApiException NotFound(Exception e, string param, string code) =>
        new(StatusCodes.Status404NotFound, ApiException.InvalidRequest, e.Message, param, code, e);

    private static ApiException Refused(Exception e, string code, string? param = null)
    {
        string message = e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : e.Message;
        return new(StatusCodes.Status400BadRequest, ApiException.InvalidRequest, message, param, code, e);
    }

    private static ApiException Unexpected(Exception e) => new(
        StatusCodes.Status500InternalServerError, "server_error", "The server had an error while answering; its log says more", inner: e);
}
