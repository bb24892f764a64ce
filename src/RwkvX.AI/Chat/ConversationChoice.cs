using System.Text.Json;
using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Chat;

/// <summary>Which conversation a request belongs to, as its options say.</summary>
/// <param name="Tenant">Whose request it is.</param>
/// <param name="Name">The conversation's name; null for a request that is not kept.</param>
/// <param name="IsNew">Whether the conversation is to be made.</param>
internal readonly record struct ConversationChoice(string Tenant, string? Name, bool IsNew)
{
    /// <summary>The key in <see cref="ChatOptions.AdditionalProperties"/> that asks for a stored conversation.</summary>
    public const string StoreKey = "rwkvx.store";

    /// <summary>The key in <see cref="ChatOptions.AdditionalProperties"/> that says whose request it is.</summary>
    public const string TenantKey = "rwkvx.tenant";

    /// <summary>Tenant and name of the conversation.</summary>
    public ConversationKey Key => new(Tenant, Name!);

    /// <summary>Reads the choice off a request's options.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <param name="tenant">Whose request it is where the options do not say.</param>
    /// <param name="stores">Whether a request without a conversation begins a stored one where the options do not say.</param>
    public static ConversationChoice Of(ChatOptions? options, string tenant, bool stores)
    {
        object? value = null;
        if (options?.AdditionalProperties?.TryGetValue(TenantKey, out value) ?? false)
            tenant = value as string ?? (value is JsonElement { ValueKind: JsonValueKind.String } json ? json.GetString()! : throw Wrong(TenantKey, "a text", value));
        if (options?.AdditionalProperties?.TryGetValue(StoreKey, out value) ?? false)
        {
            stores = value switch
            {
                bool flag => flag,
                JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } json => json.GetBoolean(),
                _ => throw Wrong(StoreKey, "true or false", value),
            };
        }

        ConversationKey.ValidatePart(tenant, "tenant", nameof(options));
        if (options?.ConversationId is { } id)
        {
            ConversationKey.ValidatePart(id, "ConversationId", nameof(options));
            return new ConversationChoice(tenant, id, IsNew: false);
        }

        return stores ? new ConversationChoice(tenant, $"conv-{Guid.NewGuid():n}", IsNew: true) : new ConversationChoice(tenant, null, IsNew: false);
    }

    private static ArgumentException Wrong(string key, string expected, object? found) => new($"{key}: expected {expected}, found '{found}'");
}
