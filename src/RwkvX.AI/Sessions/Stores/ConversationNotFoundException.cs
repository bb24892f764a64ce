namespace RwkvX.AI.Sessions.Stores;

/// <summary>The tenant has no such conversation, or the conversation no such checkpoint.</summary>
public sealed class ConversationNotFoundException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="key">What was asked for.</param>
    /// <param name="checkpoint">The label that was asked for, where the conversation itself exists.</param>
    public ConversationNotFoundException(ConversationKey key, string? checkpoint = null)
        : base(checkpoint is null ? $"{key}: no such conversation" : $"{key}: no checkpoint '{checkpoint}' on the way to its head")
    {
        Key = key;
        Checkpoint = checkpoint;
    }

    /// <summary>What was asked for.</summary>
    public ConversationKey Key { get; }

    /// <summary>The label that was asked for; null where the conversation is missing.</summary>
    public string? Checkpoint { get; }
}
