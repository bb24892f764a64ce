using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace RwkvX.AI.AspNetCore.Models;

/// <summary>A chat client of the container under the name by which requests ask for it.</summary>
/// <param name="services">The container.</param>
/// <param name="key">The client's key; null for the default client.</param>
internal sealed class ServedModel(IServiceProvider services, string? key)
{
    /// <summary>The key, or what the default client calls its model.</summary>
    public string Id => key ?? Metadata?.DefaultModelId ?? "default";

    /// <summary>Who provides it; a keyed model is not loaded to find that out.</summary>
    public string OwnedBy => (key is null ? Metadata?.ProviderName : null) ?? "rwkvx";

    /// <summary>The client, which the container makes, and keeps, at its first use.</summary>
    public IChatClient Client => key is null ? services.GetRequiredService<IChatClient>() : services.GetRequiredKeyedService<IChatClient>(key);

    private ChatClientMetadata? Metadata => Client.GetService<ChatClientMetadata>();
}
