using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.TextGeneration;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.SemanticKernel;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers RWKV-X models with a container for Semantic Kernel.</summary>
/// <remarks>
/// All three give faces of one model: called with the same id, they share it, and later calls only add to its options. Functions
/// that the model calls are invoked by the kernel's own middleware, with its filters.
/// </remarks>
public static class RwkvXKernelServiceCollectionExtensions
{
    /// <summary>Adds a model as an <see cref="IChatClient"/> that invokes kernel functions.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the small embedded model, or what was configured elsewhere.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddRwkvXChatClient(
        this IServiceCollection services, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        AddModel(services, configure, serviceId).UseKernel();
        return services;
    }

    /// <summary>Adds a model as an <see cref="IChatCompletionService"/>.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the small embedded model, or what was configured elsewhere.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddRwkvXChatCompletion(
        this IServiceCollection services, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        EnsureModel(services, configure, serviceId);
        return services.AddKeyedSingleton(serviceId, static (provider, key) => KernelClient(provider, key).AsChatCompletionService(provider));
    }

    /// <summary>Adds a model as an <see cref="ITextGenerationService"/>.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the small embedded model, or what was configured elsewhere.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddRwkvXTextGeneration(
        this IServiceCollection services, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        EnsureModel(services, configure, serviceId);
        return services.AddKeyedSingleton<ITextGenerationService>(
            serviceId, static (provider, key) => new RwkvXTextGenerationService(KernelClient(provider, key)));
    }

    /// <summary>Adds an <see cref="AIContextProvider"/> over the memory of the model that is registered under the same id, a new one for each thread.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <param name="serviceId">The key of the model and of the provider; null for none.</param>
    /// <returns>The services.</returns>
    [Experimental("SKEXP0130")]
    public static IServiceCollection AddRwkvXContextProvider(
        this IServiceCollection services, Action<RwkvXContextProviderOptions>? configure = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedTransient<AIContextProvider>(serviceId, (provider, key) =>
        {
            RwkvXContextProviderOptions options = new();
            configure?.Invoke(options);
            return new RwkvXContextProvider(provider.GetRequiredKeyedService<IRwkvXMemory>(key), provider.GetRequiredKeyedService<IChatClient>(key), options);
        });
    }

    private static ChatClientBuilder AddModel(IServiceCollection services, Action<RwkvXOptions>? configure, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(services);
        configure ??= static _ => { };
        return serviceId is null ? services.AddRwkvX(configure) : services.AddKeyedRwkvX(serviceId, configure);
    }

    /// <summary>A model that is registered under the id already keeps its client, with the middleware that it has.</summary>
    private static void EnsureModel(IServiceCollection services, Action<RwkvXOptions>? configure, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(service => service.ServiceType == typeof(IRwkvXModel) && Equals(service.ServiceKey, serviceId)))
        {
            AddModel(services, configure, serviceId);
        }
        else if (configure is not null)
        {
            services.Configure(serviceId ?? Options.Options.DefaultName, configure);
        }
    }

    private static IChatClient KernelClient(IServiceProvider provider, object? key)
    {
        IChatClient client = provider.GetRequiredKeyedService<IChatClient>(key);
        return client.GetService<ConversationChatClient>() is null ? client.AsBuilder().UseKernel().Build(provider) : client;
    }

    private static ChatClientBuilder UseKernel(this ChatClientBuilder builder) =>
        builder.UseKernelFunctionInvocation().Use(static inner => new ConversationChatClient(new KernelFunctionChatClient(inner)));
}
