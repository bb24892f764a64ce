using Microsoft.AspNetCore.Http;

namespace RwkvX.AI.AspNetCore.Errors;

/// <summary>A request cannot be answered, said as OpenAI's clients expect it: a status and an error object.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="type">OpenAI's type of error, <c>invalid_request_error</c> for most.</param>
/// <param name="message">What was expected and what was found.</param>
/// <param name="param">The field of the request, as a path; null where none is to blame.</param>
/// <param name="code">A word for programs; null where the type says enough.</param>
/// <param name="inner">The cause, which is logged and never sent.</param>
internal sealed class ApiException(int status, string type, string message, string? param = null, string? code = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The type of errors that the caller can mend.</summary>
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>OpenAI's type of error.</summary>
    public string Type => type;

    /// <summary>The field of the request.</summary>
    public string? Param => param;

    /// <summary>A word for programs.</summary>
    public string? Code => code;

    /// <summary>Seconds after which to try again; null where that would not help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The method that the path does know; null where that is not the matter.</summary>
    public string? Allow { get; init; }

    /// <summary>A field has the wrong type, a value out of its range, or is missing.</summary>
    public static ApiException Invalid(string? param, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, param is null ? message : $"{param}: {message}", param, code);

    /// <summary>The request asks for something that this server does not do.</summary>
    public static ApiException Unsupported(string? param, string message) => Invalid(param, message, "unsupported_value");
}
