namespace RwkvX.AI.Sessions.Stores;

/// <summary>What happens where a conversation has a writer already.</summary>
public enum LeaseMode
{
    /// <summary>Wait, in the order of arrival.</summary>
    Wait,

    /// <summary>Fail at once with a <see cref="ConversationLockedException"/>.</summary>
    FailFast,
}
