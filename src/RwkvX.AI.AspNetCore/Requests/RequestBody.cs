using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>Reads a request's body as JSON, within a limit.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Reads the body to its end.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">Bytes that the body may have.</param>
    /// <exception cref="ApiException">The body is too long, or no JSON in UTF-8.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context, long limit)
    {
        CheckHeaders(context.Request);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = limit;
        if (context.Request.ContentLength > limit) throw TooLarge(limit);
        ArrayBufferWriter<byte> body = new(checked((int)(context.Request.ContentLength ?? 0)) + 4096);
        try
        {
            while (true)
            {
                int read = await context.Request.Body.ReadAsync(body.GetMemory(4096), context.RequestAborted).ConfigureAwait(false);
                if (read == 0) return Parse(body.WrittenMemory);
                body.Advance(read);
                if (body.WrittenCount > limit) throw TooLarge(limit);
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge(limit); // Kestrel knew first
        }
    }

    // The type is asked for because a web page of another origin can send any other one without the browser asking this server first.
    private static void CheckHeaders(HttpRequest request)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
        bool isUtf8 = type?.Charset is not { Length: > 0 } charset || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
        string encoding = request.Headers.ContentEncoding.ToString();
        if (!isJson || !isUtf8) throw WrongType($"Content-Type: expected application/json in UTF-8, found '{request.ContentType}'");
        if (encoding is not ("" or "identity")) throw WrongType($"Content-Encoding: expected none, found '{encoding}'");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (utf8.IsEmpty) throw ApiException.Invalid(null, "The request's body: expected a JSON object, found nothing", "invalid_json");
        if (!Utf8.IsValid(utf8.Span)) throw ApiException.Invalid(null, "The request's body: expected UTF-8, found other bytes", "invalid_json");
        try
        {
            return JsonDocument.Parse(utf8, Strict);
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(null, $"The request's body: expected JSON: {e.Message}", "invalid_json");
        }
    }

    private static ApiException TooLarge(long limit) => new(
        StatusCodes.Status413PayloadTooLarge, ApiException.InvalidRequest, $"The request's body: expected at most {limit:N0} bytes", code: "request_too_large");

    private static ApiException WrongType(string message) =>
        new(StatusCodes.Status415UnsupportedMediaType, ApiException.InvalidRequest, message, code: "unsupported_media_type");
}
