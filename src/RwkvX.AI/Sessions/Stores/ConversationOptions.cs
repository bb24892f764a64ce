namespace RwkvX.AI.Sessions.Stores;

/// <summary>How a conversation is made.</summary>
public sealed class ConversationOptions
{
    /// <summary>How long it lives, by the store's clock; null = until deleted. After that it is not found, and collection deletes it.</summary>
    public TimeSpan? TimeToLive { get; init; }
}
