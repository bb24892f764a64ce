using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RwkvX.AI.AspNetCore.Errors;
using RwkvX.AI.AspNetCore.Responses;

namespace RwkvX.AI.AspNetCore.Access;

/// <summary>Stands around every handler: lets in who may ask, and makes an error object of whatever is thrown.</summary>
internal sealed class RequestGuard(AccessCheck access, ILogger<RequestGuard> logger, IHostApplicationLifetime? lifetime = null)
{
    /// <summary>A handler with the guard around it.</summary>
    /// <param name="handler">What answers.</param>
    /// <param name="needsKey">Whether the request must carry the key, if there is one.</param>
    public RequestDelegate Around(RequestDelegate handler, bool needsKey = true) => async context =>
    {
        try
        {
            context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
            access.Check(context, needsKey);
            if (lifetime?.ApplicationStopping.IsCancellationRequested == true) throw ApiErrors.ShuttingDown();
            await handler(context).ConfigureAwait(false);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is not ApiException)
        {
            EndpointLog.Abandoned(logger, context.TraceIdentifier, context.Request.Path);
        }
        catch (Exception e)
        {
            await RefuseAsync(context, ApiErrors.Of(e)).ConfigureAwait(false);
        }
    };

    private async Task RefuseAsync(HttpContext context, ApiException error)
    {
        if (error is { Status: 500, InnerException: not null })
            EndpointLog.Failed(logger, context.TraceIdentifier, context.Request.Path, error.InnerException);
        else
            EndpointLog.Refused(logger, context.TraceIdentifier, context.Request.Path, error.Status, error.Code, error.Param);
        if (context.Response.HasStarted) return; // the stream has said it
        await JsonResponse.WriteAsync(context, error).ConfigureAwait(false);
    }
}
