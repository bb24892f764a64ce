namespace RwkvX.AI.Chat;

/// <summary>A request named a conversation that is not stored here.</summary>
public sealed class ConversationNotFoundException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="conversationId">The id that was asked for.</param>
    public ConversationNotFoundException(string conversationId)
        : base($"ConversationId: expected a stored conversation, found none called '{conversationId}'") => ConversationId = conversationId;

    /// <summary>The id that was asked for.</summary>
    public string ConversationId { get; }
}
