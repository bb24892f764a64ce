using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>Writes whole responses.</summary>
internal static class JsonResponse
{
    /// <summary>Writes a value.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        byte[] utf8 = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = utf8.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(utf8, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Writes an error with its status.</summary>
    public static Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.Clear();
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        context.Response.StatusCode = error.Status;
        if (error.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        if (error.Allow is { } method) context.Response.Headers.Allow = method;
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
        return WriteAsync(context, Of(error), ResponseJson.Plain.ErrorResponse);
    }

    /// <summary>The error object.</summary>
    public static ErrorResponse Of(ApiException error) => new(new ErrorObject(error.Message, error.Type, error.Param, error.Code));
}
