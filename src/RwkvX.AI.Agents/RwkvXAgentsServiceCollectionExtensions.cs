using System.Diagnostics.CodeAnalysis;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Agents;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a model's memory to agents, as singletons over the <see cref="IRwkvXMemory"/> that <c>AddRwkvX</c> registers.</summary>
public static class RwkvXAgentsServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="ChatHistoryProvider"/> that keeps histories as stored conversations.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <param name="serviceKey">The key of the model, and of the provider; null for none.</param>
    public static IServiceCollection AddRwkvXChatHistoryProvider(
        this IServiceCollection services, Action<RwkvXChatHistoryProviderOptions>? configure = null, string? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton<ChatHistoryProvider>(
            serviceKey, (provider, key) => new RwkvXChatHistoryProvider(provider.GetRequiredKeyedService<IRwkvXMemory>(key), Configured(configure)));
    }

    /// <summary>Adds an <see cref="AIContextProvider"/> that remembers and recalls.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <param name="serviceKey">The key of the model, and of the provider; null for none.</param>
    public static IServiceCollection AddRwkvXContextProvider(
        this IServiceCollection services, Action<RwkvXContextProviderOptions>? configure = null, string? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton<AIContextProvider>(serviceKey, (provider, key) => new RwkvXContextProvider(
            provider.GetRequiredKeyedService<IRwkvXMemory>(key), provider.GetRequiredKeyedService<IChatClient>(key), Configured(configure)));
    }

    /// <summary>Adds an <see cref="AgentSessionStore"/> whose sessions are stored conversations, in the container's <see cref="IStateStore"/>.</summary>
    /// <param name="services">The container's services; they need an <see cref="IStateStore"/>, such as <c>AddRwkvXStorage</c> adds.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <param name="serviceKey">The key of the model, and of the store; null for none.</param>
    [Experimental("MAAI001")]
    public static IServiceCollection AddRwkvXAgentSessionStore(
        this IServiceCollection services, Action<RwkvXAgentSessionStoreOptions>? configure = null, string? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton<AgentSessionStore>(serviceKey, (provider, key) => new RwkvXAgentSessionStore(
            provider.GetRequiredKeyedService<IRwkvXMemory>(key),
            provider.GetKeyedService<IStateStore>(key) ?? provider.GetRequiredService<IStateStore>(),
            Configured(configure),
            provider.GetService<TimeProvider>()));
    }

    private static TOptions Configured<TOptions>(Action<TOptions>? configure)
        where TOptions : new()
    {
        TOptions options = new();
        configure?.Invoke(options);
        return options;
    }
}
