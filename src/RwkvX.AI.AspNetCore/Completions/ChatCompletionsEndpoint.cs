using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using RwkvX.AI.AspNetCore.Errors;
using RwkvX.AI.AspNetCore.Models;
using RwkvX.AI.AspNetCore.Requests;
using RwkvX.AI.AspNetCore.Responses;

namespace RwkvX.AI.AspNetCore.Completions;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint(ModelCatalog models, IOptions<RwkvXEndpointOptions> options, TimeProvider time)
{
    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        RwkvXEndpointOptions limits = options.Value;
        using JsonDocument body = await RequestBody.ReadAsync(context, limits.MaxRequestBodyBytes).ConfigureAwait(false);
        ChatCompletionRequest request = ChatCompletionRequest.Read(new RequestField(body.RootElement, ""), limits);
        ServedModel model = models.Find(request.ModelId);
        using CancellationTokenSource timeout = new(limits.RequestTimeout, time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, timeout.Token);
        CompletionTurn turn = new(model.Id, model.Client, time);
        CompletionStream stream = new(context, turn, limits.KeepAliveInterval, time);
        try
        {
            await (request.IsStream ? StreamAsync(model, request, stream, stop.Token) : AnswerAsync(context, model, request, turn, stop.Token)).ConfigureAwait(false);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            ApiException error = e is not OperationCanceledException ? ApiErrors.Of(e)
                : timeout.IsCancellationRequested ? ApiErrors.TimedOut(limits.RequestTimeout) : ApiErrors.ShuttingDown(e);
            if (context.Response.HasStarted) await stream.FailAsync(error).ConfigureAwait(false);
            throw error;
        }
    }

    private static Task StreamAsync(ServedModel model, ChatCompletionRequest request, CompletionStream stream, CancellationToken cancellationToken) =>
        stream.SendAsync(model.Client.GetStreamingResponseAsync(request.Messages, request.Options, cancellationToken), request.IncludesUsage, cancellationToken);

    private static async Task AnswerAsync(
        HttpContext context, ServedModel model, ChatCompletionRequest request, CompletionTurn turn, CancellationToken cancellationToken)
    {
        ChatResponse response = await model.Client.GetResponseAsync(request.Messages, request.Options, cancellationToken).ConfigureAwait(false);
        await JsonResponse.WriteAsync(context, turn.ToCompletion(response), ResponseJson.Plain.ChatCompletion).ConfigureAwait(false);
    }
}
