namespace RwkvX.AI.Sessions.Stores;

/// <summary>What is known of a conversation without reading it.</summary>
/// <param name="Key">Tenant and name.</param>
/// <param name="Binding">What its states are states of.</param>
/// <param name="Head">Where it stands.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends; null = never.</param>
public sealed record ConversationInfo(ConversationKey Key, StateBinding Binding, LogPosition Head, DateTimeOffset Created, DateTimeOffset? Expires)
{
    /// <summary>Its log's id, which no other conversation ever has, of whatever name.</summary>
    public required Guid Id { get; init; }

    /// <summary>The history that it was forked from; the beginning where it is no fork.</summary>
    public LogPlace Origin { get; init; }

    /// <summary>Turns completed on the way to the head.</summary>
    public required int Turns { get; init; }

    /// <summary>Messages on the way to the head, continuations not counted.</summary>
    public required int Messages { get; init; }

    /// <summary>Documents on the way to the head, continuations not counted.</summary>
    public required int Documents { get; init; }

    /// <summary>Tenants that may fork it. Empty where the conversation is seen by such a tenant.</summary>
    public IReadOnlyList<string> SharedWith { get; init; } = [];
}
