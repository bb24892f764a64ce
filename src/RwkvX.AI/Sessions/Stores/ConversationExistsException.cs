namespace RwkvX.AI.Sessions.Stores;

/// <summary>The tenant has a conversation of this name already.</summary>
public sealed class ConversationExistsException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="key">The name that is taken.</param>
    public ConversationExistsException(ConversationKey key) : base($"{key}: a conversation of this name exists") => Key = key;

    /// <summary>The name that is taken.</summary>
    public ConversationKey Key { get; }
}
