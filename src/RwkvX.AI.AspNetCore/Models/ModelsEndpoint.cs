using Microsoft.AspNetCore.Http;
using RwkvX.AI.AspNetCore.Responses;

namespace RwkvX.AI.AspNetCore.Models;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelsEndpoint(ModelCatalog models)
{
    /// <summary>Lists all models.</summary>
    public Task ListAsync(HttpContext context) =>
        JsonResponse.WriteAsync(context, new ModelList([.. models.Models.Select(Describe)]), ResponseJson.Plain.ModelList);

    /// <summary>Describes the model that the route names.</summary>
    public Task GetAsync(HttpContext context)
    {
        // Routing decodes everything but an escaped '/', which names may have.
        string id = ((string)context.Request.RouteValues["id"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return JsonResponse.WriteAsync(context, Describe(models.Find(id)), ResponseJson.Plain.ModelObject);
    }

    private ModelObject Describe(ServedModel model) => new(model.Id, models.Created.ToUnixTimeSeconds(), model.OwnedBy);
}
