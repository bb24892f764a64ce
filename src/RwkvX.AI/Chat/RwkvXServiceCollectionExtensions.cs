using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers RWKV-X models with a container.</summary>
/// <remarks>
/// Each registration gives an <see cref="IChatClient"/>, its engine (<see cref="IRwkvXModel"/>), its tokenizer (<see cref="Tokenizer"/>,
/// <see cref="WorldTokenizer"/>) and its memory (<see cref="IRwkvXMemory"/>, over the container's <see cref="IStateStore"/> where there is one), all singletons over one model, which is loaded when the host starts (or by the first use) and disposed
/// with the container. Options are validated at the host's start. A second registration under the same key only adds to the first one's options.
/// </remarks>
public static class RwkvXServiceCollectionExtensions
{
    /// <summary>Adds the small embedded model, or the one that the options configured elsewhere name.</summary>
    /// <param name="services">The container's services.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddRwkvX(this IServiceCollection services) => services.AddRwkvX(static _ => { });

    /// <summary>Adds a model.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddRwkvX(this IServiceCollection services, Action<RwkvXOptions> configure)
    {
        AddModel(services, Options.Options.DefaultName, configure);
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<LoadedModel>(Options.Options.DefaultName).Model);
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<LoadedModel>(Options.Options.DefaultName).Tokenizer);
        services.TryAddSingleton<Tokenizer>(provider => provider.GetRequiredService<WorldTokenizer>());
        services.TryAddSingleton<IRwkvXMemory>(provider => provider.GetRequiredKeyedService<RwkvXMemory>(Options.Options.DefaultName));
        return services.AddChatClient(provider => NewClient(provider, Options.Options.DefaultName));
    }

    /// <summary>Adds the small embedded model, or the one that the options configured under this name elsewhere name, under a key.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="serviceKey">The key, which is also the name of the options.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddKeyedRwkvX(this IServiceCollection services, string serviceKey) =>
        services.AddKeyedRwkvX(serviceKey, static _ => { });

    /// <summary>Adds a model under a key.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="serviceKey">The key, which is also the name of the options.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddKeyedRwkvX(this IServiceCollection services, string serviceKey, Action<RwkvXOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        AddModel(services, serviceKey, configure);
        services.TryAddKeyedSingleton(serviceKey, static (provider, key) => provider.GetRequiredKeyedService<LoadedModel>(key).Model);
        services.TryAddKeyedSingleton(serviceKey, static (provider, key) => provider.GetRequiredKeyedService<LoadedModel>(key).Tokenizer);
        services.TryAddKeyedSingleton<Tokenizer>(serviceKey, static (provider, key) => provider.GetRequiredKeyedService<WorldTokenizer>(key));
        services.TryAddKeyedSingleton<IRwkvXMemory>(serviceKey, static (provider, key) => provider.GetRequiredKeyedService<RwkvXMemory>(key));
        return services.AddKeyedChatClient(serviceKey, provider => NewClient(provider, serviceKey));
    }

    private static void AddModel(IServiceCollection services, string name, Action<RwkvXOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RwkvXOptions>(name).Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXOptions>, RwkvXOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXOptions>, RwkvXPathsValidator>());
        if (services.Any(service => service.ServiceType == typeof(LoadedModel) && name.Equals(service.ServiceKey)))
        {
            return;
        }

        services.AddKeyedSingleton(name, static (provider, key) => LoadedModel.Load(
            provider.GetRequiredService<IOptionsMonitor<RwkvXOptions>>().Get((string)key!),
            provider.GetService<ILogger<RwkvXChatClient>>(),
            provider.GetServices<IRwkvXEngineProvider>()));
        services.AddKeyedSingleton(name, static (provider, key) => provider.GetRequiredKeyedService<LoadedModel>(key).NewMemory(
            provider.GetKeyedService<IStateStore>(key) ?? provider.GetService<IStateStore>(), provider.GetService<ILogger<RwkvXMemory>>()));
        services.AddSingleton<IHostedService>(provider => new ModelWarmup(provider, name));
    }

    // The container disposes the model, once; the client only gives its states back.
    private static RwkvXChatClient NewClient(IServiceProvider provider, string name) => new(
        provider.GetRequiredKeyedService<LoadedModel>(name).NewContext(provider.GetRequiredKeyedService<RwkvXMemory>(name), logger: null),
        owned: null,
        provider.GetService<ILogger<RwkvXChatClient>>(),
        provider.GetService<TimeProvider>());
}
