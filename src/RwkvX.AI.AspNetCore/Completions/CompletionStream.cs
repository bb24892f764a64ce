using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;
using RwkvX.AI.AspNetCore.Responses;

namespace RwkvX.AI.AspNetCore.Completions;

/// <summary>An answer as server-sent events: a role, parts, why it ended, the usage if asked for, <c>[DONE]</c>.</summary>
/// <remarks>
/// Nothing is sent before the first part or the first silence, so that whatever goes wrong up to there still has a status of its own;
/// later it is an event with an error, after which the stream ends without <c>[DONE]</c>.
/// </remarks>
/// <param name="context">The request.</param>
/// <param name="turn">The answer.</param>
/// <param name="silence">How long the stream may be silent before a comment keeps the connection alive.</param>
/// <param name="time">The clock.</param>
internal sealed class CompletionStream(HttpContext context, CompletionTurn turn, TimeSpan silence, TimeProvider time)
{
    private int _callCount;

    /// <summary>Sends an answer as it comes.</summary>
    /// <param name="updates">The answer.</param>
    /// <param name="includesUsage">Whether the usage is sent.</param>
    /// <param name="cancellationToken">Ends the answer.</param>
    public async Task SendAsync(IAsyncEnumerable<ChatResponseUpdate> updates, bool includesUsage, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<ChatResponseUpdate> update = updates.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(update).ConfigureAwait(false))
        {
            turn.Take(update.Current);
            foreach (AIContent content in update.Current.Contents) await SendAsync(content).ConfigureAwait(false);
        }

        await BeginAsync().ConfigureAwait(false);
        await SendAsync(turn.FinishChunk()).ConfigureAwait(false);
        if (includesUsage) await SendAsync(turn.UsageChunk()).ConfigureAwait(false);
        await SendAsync("data: [DONE]\n\n"u8.ToArray()).ConfigureAwait(false);
    }

    /// <summary>Sends an error in a stream that has begun.</summary>
    public Task FailAsync(ApiException error) => SendAsync(JsonResponse.Of(error), ResponseJson.Plain.ErrorResponse);

    /// <summary>Waits for the next update, and says from time to time that there is none yet.</summary>
    private async Task<bool> NextAsync(IAsyncEnumerator<ChatResponseUpdate> update)
    {
        Task<bool> next = update.MoveNextAsync().AsTask();
        while (!next.IsCompleted)
        {
            using CancellationTokenSource waiting = new();
            Task pause = Task.Delay(silence, time, waiting.Token);
            if (await Task.WhenAny(next, pause).ConfigureAwait(false) == next)
            {
                await waiting.CancelAsync().ConfigureAwait(false);
            }
            else
            {
                await BeginAsync().ConfigureAwait(false);
                await SendAsync(": reading\n\n"u8.ToArray()).ConfigureAwait(false);
            }
        }

        return await next.ConfigureAwait(false);
    }

    private async Task SendAsync(AIContent content)
    {
        switch (content)
        {
            case TextContent { Text.Length: > 0 } text:
                await BeginAsync().ConfigureAwait(false);
                await SendAsync(turn.Chunk(new ChatDelta { Content = text.Text })).ConfigureAwait(false);
                break;
            case TextReasoningContent { Text.Length: > 0 } thought:
                await BeginAsync().ConfigureAwait(false);
                await SendAsync(turn.Chunk(new ChatDelta { ReasoningContent = thought.Text })).ConfigureAwait(false);
                break;
            case FunctionCallContent { InformationalOnly: false } call:
                int index = _callCount++;
                await BeginAsync().ConfigureAwait(false);
                await SendAsync(turn.Chunk(new ChatDelta { ToolCalls = [ToolCalls.Beginning(call, index)] })).ConfigureAwait(false);
                await SendAsync(turn.Chunk(new ChatDelta { ToolCalls = [ToolCalls.Continuation(call, index)] })).ConfigureAwait(false);
                break;
            default:
                break; // usage and errors are the turn's; a result of a function was not asked for by this caller
        }
    }

    private Task BeginAsync()
    {
        if (context.Response.HasStarted) return Task.CompletedTask;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // proxies must not hold parts back
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return SendAsync(turn.Chunk(new ChatDelta { Role = "assistant", Content = "" }));
    }

    private Task SendAsync(ChatCompletion part) => SendAsync(part, ResponseJson.Plain.ChatCompletion);

    private Task SendAsync<T>(T value, JsonTypeInfo<T> type)
    {
        ArrayBufferWriter<byte> line = new(256);
        line.Write("data: "u8);
        using (Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = type.Options.Encoder })) JsonSerializer.Serialize(json, value, type);
        line.Write("\n\n"u8);
        return SendAsync(line.WrittenMemory);
    }

    // Not cancelled: where the client has left, writing ends by itself, and the answer is cancelled by the request's own token.
    private async Task SendAsync(ReadOnlyMemory<byte> line) => await context.Response.BodyWriter.WriteAsync(line, CancellationToken.None).ConfigureAwait(false);
}
