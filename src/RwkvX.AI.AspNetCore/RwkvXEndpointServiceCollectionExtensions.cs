using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RwkvX.AI.AspNetCore.Access;
using RwkvX.AI.AspNetCore.Completions;
using RwkvX.AI.AspNetCore.Models;

namespace RwkvX.AI.AspNetCore;

/// <summary>Registers the OpenAI-compatible endpoint with a container.</summary>
public static class RwkvXEndpointServiceCollectionExtensions
{
    /// <summary>
    /// Adds what <see cref="RwkvXEndpointRouteBuilderExtensions.MapRwkvX"/> needs. The endpoint serves every
    /// <see cref="Microsoft.Extensions.AI.IChatClient"/> of the container, whoever made it: the default one under its model's name, those with a
    /// text as their key under that. Options come from the section <c>RwkvX:Endpoint</c> of the configuration, then from
    /// <paramref name="configure"/>; they are validated at the host's start.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null leaves them to the configuration.</param>
    /// <returns>The same services.</returns>
    /// <example><code>
    /// builder.Services.AddRwkvX();
    /// builder.Services.AddRwkvXEndpoint(o => o.ApiKey = builder.Configuration["ApiKey"]);
    /// WebApplication app = builder.Build();
    /// app.MapRwkvX();
    /// </code></example>
    public static IServiceCollection AddRwkvXEndpoint(this IServiceCollection services, Action<RwkvXEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<RwkvXEndpointOptions> options = services.AddOptions<RwkvXEndpointOptions>().ValidateOnStart();
        bool isFirst = services.All(service => service.ServiceType != typeof(ModelCatalog));
        if (isFirst) services.AddSingleton<IConfigureOptions<RwkvXEndpointOptions>>(provider => new EndpointBinding(provider.GetService<IConfiguration>()));
        if (configure is not null) options.Configure(configure);
        if (!isFirst) return services;

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXEndpointOptions>, RwkvXEndpointOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new ModelCatalog(provider, services) { Created = provider.GetRequiredService<TimeProvider>().GetUtcNow() });
        services.AddSingleton<AccessCheck>();
        services.AddSingleton<RequestGuard>();
        services.AddSingleton<ModelsEndpoint>();
        services.AddSingleton<ChatCompletionsEndpoint>();
        return services;
    }
}
