using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.TextGeneration;
using RwkvX.AI.Chat;
using RwkvX.AI.SemanticKernel;

namespace Microsoft.SemanticKernel;

/// <summary>Adds RWKV-X models to a kernel; see <see cref="RwkvXKernelServiceCollectionExtensions"/>.</summary>
public static class RwkvXKernelBuilderExtensions
{
    /// <summary>Adds a model as an <see cref="IChatClient"/> that invokes kernel functions.</summary>
    /// <param name="builder">The kernel's builder.</param>
    /// <param name="configure">Sets the options; null for the small embedded model.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The builder.</returns>
    public static IKernelBuilder AddRwkvXChatClient(this IKernelBuilder builder, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddRwkvXChatClient(configure, serviceId);
        return builder;
    }

    /// <summary>Adds a model as an <see cref="IChatCompletionService"/>.</summary>
    /// <param name="builder">The kernel's builder.</param>
    /// <param name="configure">Sets the options; null for the small embedded model.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The builder.</returns>
    public static IKernelBuilder AddRwkvXChatCompletion(this IKernelBuilder builder, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddRwkvXChatCompletion(configure, serviceId);
        return builder;
    }

    /// <summary>Adds a model as an <see cref="ITextGenerationService"/>.</summary>
    /// <param name="builder">The kernel's builder.</param>
    /// <param name="configure">Sets the options; null for the small embedded model.</param>
    /// <param name="serviceId">The key of the service and the name of its options; null for none.</param>
    /// <returns>The builder.</returns>
    public static IKernelBuilder AddRwkvXTextGeneration(this IKernelBuilder builder, Action<RwkvXOptions>? configure = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddRwkvXTextGeneration(configure, serviceId);
        return builder;
    }

    /// <summary>Adds an <see cref="AIContextProvider"/> over the memory of the model that is registered under the same id, a new one for each thread.</summary>
    /// <param name="builder">The kernel's builder.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <param name="serviceId">The key of the model and of the provider; null for none.</param>
    /// <returns>The builder.</returns>
    [Experimental("SKEXP0130")]
    public static IKernelBuilder AddRwkvXContextProvider(
        this IKernelBuilder builder, Action<RwkvXContextProviderOptions>? configure = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddRwkvXContextProvider(configure, serviceId);
        return builder;
    }
}
