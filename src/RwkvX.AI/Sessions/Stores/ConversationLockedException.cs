namespace RwkvX.AI.Sessions.Stores;

/// <summary>The conversation has a writer, and the caller did not want to wait for it.</summary>
public sealed class ConversationLockedException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="key">The conversation.</param>
    public ConversationLockedException(ConversationKey key) : base($"{key}: another writer has this conversation; wait for it or try again") => Key = key;

    /// <summary>The conversation.</summary>
    public ConversationKey Key { get; }
}
