using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RwkvX.AI.AspNetCore.Access;
using RwkvX.AI.AspNetCore.Completions;
using RwkvX.AI.AspNetCore.Errors;
using RwkvX.AI.AspNetCore.Models;
using RwkvX.AI.AspNetCore.Page;

namespace RwkvX.AI.AspNetCore;

/// <summary>Maps the OpenAI-compatible endpoint and the chat page.</summary>
public static class RwkvXEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps <c>POST v1/chat/completions</c>, <c>GET v1/models</c>, <c>GET v1/models/{id}</c> and, unless the options say otherwise, the chat
    /// page at the prefix itself. Needs <see cref="RwkvXEndpointServiceCollectionExtensions.AddRwkvXEndpoint"/>.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">What comes before the paths; empty for the root.</param>
    /// <returns>A builder that adds conventions (authorization, rate limits, CORS) to all of them.</returns>
    /// <exception cref="InvalidOperationException"><c>AddRwkvXEndpoint</c> was not called.</exception>
    public static IEndpointConventionBuilder MapRwkvX(this IEndpointRouteBuilder endpoints, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        IServiceProvider services = endpoints.ServiceProvider;
        RequestGuard guard = services.GetService<RequestGuard>()
            ?? throw new InvalidOperationException("MapRwkvX: expected services.AddRwkvXEndpoint() before it, found no such services");
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        ModelsEndpoint models = services.GetRequiredService<ModelsEndpoint>();
        group.MapPost("v1/chat/completions", guard.Around(services.GetRequiredService<ChatCompletionsEndpoint>().HandleAsync));
        group.MapGet("v1/models", guard.Around(models.ListAsync));
        group.MapGet("v1/models/{**id}", guard.Around(models.GetAsync));
        group.Map("v1/{**path}", guard.Around(RefuseRoute));
        if (services.GetRequiredService<IOptions<RwkvXEndpointOptions>>().Value.ChatPage) ChatPage.Map(group, guard);
        return group;
    }

    /// <summary>Clients read an error object here too, where a server without it would send an empty 404 or 405.</summary>
    private static Task RefuseRoute(HttpContext context)
    {
        string path = (string?)context.Request.RouteValues["path"] ?? "";
        string? allow = path == "chat/completions" ? "POST" : path == "models" || path.StartsWith("models/", StringComparison.Ordinal) ? "GET" : null;
        throw allow is null
            ? new ApiException(404, ApiException.InvalidRequest, $"this server has no {context.Request.Method} {context.Request.Path}", code: "unknown_url")
            : new ApiException(405, ApiException.InvalidRequest, $"expected {allow}, found {context.Request.Method}", code: "method_not_allowed") { Allow = allow };
    }
}
