using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Hosting;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers RWKV-X models with a container.</summary>
/// <remarks>
/// Each registration gives an <see cref="IChatClient"/>, its engine (<see cref="IRwkvXModel"/>), its tokenizer (<see cref="Tokenizer"/>,
/// <see cref="WorldTokenizer"/>) and its memory (<see cref="IRwkvXMemory"/>, over the container's <see cref="IStateStore"/> where there is one), all singletons over one model, which is loaded when the host starts (or by the first use) and disposed
/// with the container. Options are taken from the configuration's section <c>RwkvX</c> (<c>RwkvX:key</c> for a model under a key), then from code, and
/// validated at the host's start. A second registration under the same key only adds to the first one's options.
/// </remarks>
public static class RwkvXServiceCollectionExtensions
{
    /// <summary>Adds the small embedded model, or the one that the options configured elsewhere name.</summary>
    /// <param name="services">The container's services.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddRwkvX(this IServiceCollection services) => services.AddRwkvX(static _ => { });

    /// <summary>Adds a model whose options are in a section of their own.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configuration">The section with the options' names as its keys.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddRwkvX(this IServiceCollection services, IConfiguration configuration) => services.AddRwkvX(Binding(configuration));

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

    /// <summary>Adds a model under a key, whose options are in a section of their own.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="serviceKey">The key, which is also the name of the options.</param>
    /// <param name="configuration">The section with the options' names as its keys.</param>
    /// <returns>A builder that adds middleware to the client.</returns>
    public static ChatClientBuilder AddKeyedRwkvX(this IServiceCollection services, string serviceKey, IConfiguration configuration) =>
        services.AddKeyedRwkvX(serviceKey, Binding(configuration));

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
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<RwkvXOptions>, OptionsBinding>(
            static provider => new OptionsBinding(provider.GetService<IConfiguration>())));
        services.AddOptions<RwkvXOptions>(name).Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXOptions>, RwkvXOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXOptions>, RwkvXPathsValidator>());
        if (services.Any(service => service.ServiceType == typeof(LoadedModel) && name.Equals(service.ServiceKey)))
        {
            return;
        }

        services.AddKeyedSingleton(name, new ModelStatus());
        services.AddKeyedSingleton(name, static (provider, key) => Load(provider, (string)key!));
        services.AddKeyedSingleton(name, static (provider, key) => provider.GetRequiredKeyedService<LoadedModel>(key).NewMemory(
            provider.GetKeyedService<IStateStore>(key) ?? provider.GetService<IStateStore>(), provider.GetService<ILogger<RwkvXMemory>>()));
        services.AddSingleton<IHostedService>(provider => new ModelLifetime(provider, name));
    }

    private static LoadedModel Load(IServiceProvider provider, string name)
    {
        ModelStatus status = provider.GetRequiredKeyedService<ModelStatus>(name);
        try
        {
            status.Loaded = LoadedModel.Load(
                provider.GetRequiredService<IOptionsMonitor<RwkvXOptions>>().Get(name),
                provider.GetService<ILogger<RwkvXChatClient>>(),
                provider.GetService<TimeProvider>(),
                provider.GetServices<IRwkvXEngineProvider>());
            return status.Loaded;
        }
        catch (Exception e)
        {
            status.Failure = e;
            throw;
        }
    }

    private static Action<RwkvXOptions> Binding(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return options =>
        {
            options.ConfigurationPath = (configuration as IConfigurationSection)?.Path;
            OptionsBinding.Bind(configuration, options);
        };
    }

    // The container disposes the model, once; the client only gives its states back.
    private static RwkvXChatClient NewClient(IServiceProvider provider, string name) => new(
        provider.GetRequiredKeyedService<LoadedModel>(name).NewContext(provider.GetRequiredKeyedService<RwkvXMemory>(name), logger: null),
        owned: null,
        provider.GetService<ILogger<RwkvXChatClient>>(),
        provider.GetService<TimeProvider>());
}
