using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Models;

/// <summary>The chat clients of the container: the default one and those with a text as their key.</summary>
internal sealed class ModelCatalog
{
    private readonly List<ServedModel> _models;

    /// <summary>Finds the clients.</summary>
    /// <param name="provider">The container.</param>
    /// <param name="services">What was registered with it.</param>
    public ModelCatalog(IServiceProvider provider, IServiceCollection services)
    {
        IEnumerable<string?> keys = services
            .Where(service => service.ServiceType == typeof(IChatClient) && service.ServiceKey is null or string)
            .Select(service => (string?)service.ServiceKey)
            .Distinct()
            .OrderBy(key => key is not null); // the default client first
        _models = [.. keys.Select(key => new ServedModel(provider, key))];
    }

    /// <summary>When the server began, which stands for when its models were made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>All models, the default one first.</summary>
    public IReadOnlyList<ServedModel> Models => _models;

    /// <summary>The model of a name; the default one without a name.</summary>
    /// <param name="id">The name.</param>
    /// <exception cref="ApiException">There is none of that name: 404.</exception>
    public ServedModel Find(string? id)
    {
        ServedModel? model = id is null ? _models.FirstOrDefault() : _models.Find(served => served.Id == id);
        return model ?? throw NotFound(id);
    }

    private ApiException NotFound(string? id) => new(
        404,
        ApiException.InvalidRequest,
        $"The model '{id}' does not exist here: expected {string.Join(" or ", _models.Select(served => $"'{served.Id}'"))}",
        "model",
        "model_not_found");
}
