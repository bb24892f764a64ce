using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps the conversations of a container's models on disk.</summary>
public static class RwkvXStorageServiceCollectionExtensions
{
    /// <summary>Adds the durable store: the memory of every <c>AddRwkvX</c> then keeps its conversations there.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="storageRoot">The store's folder; made where it is missing.</param>
    public static IServiceCollection AddRwkvXStorage(this IServiceCollection services, string storageRoot)
    {
        ArgumentException.ThrowIfNullOrEmpty(storageRoot);
        return services.AddRwkvXStorage(options => options.StorageRoot = storageRoot);
    }

    /// <summary>Adds the durable store: the memory of every <c>AddRwkvX</c> then keeps its conversations there.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; <see cref="RwkvXStorageOptions.StorageRoot"/> is needed.</param>
    public static IServiceCollection AddRwkvXStorage(this IServiceCollection services, Action<RwkvXStorageOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RwkvXStorageOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXStorageOptions>, RwkvXStorageOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RwkvXStorageOptions>, CollectIntervalValidator>());
        services.TryAddSingleton(Open);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ExpiredConversations>(provider => new ExpiredConversations(
            provider.GetRequiredService<IStateStore>,
            provider.GetRequiredService<IOptions<RwkvXStorageOptions>>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetService<ILogger<ExpiredConversations>>() ?? NullLogger<ExpiredConversations>.Instance)));
        return services;
    }

    private static IStateStore Open(IServiceProvider provider)
    {
        RwkvXStorageOptions options = provider.GetRequiredService<IOptions<RwkvXStorageOptions>>().Value;
        return FileStateStore.Open(new FileStateStoreOptions
        {
            Root = options.StorageRoot,
            OverwriteRemoved = options.OverwriteRemoved,
            SnapshotsKept = options.SnapshotsKept,
            Cipher = options.Cipher,
            Clock = provider.GetService<TimeProvider>() ?? TimeProvider.System,
        });
    }
}
