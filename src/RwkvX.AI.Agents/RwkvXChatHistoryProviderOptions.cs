namespace RwkvX.AI.Agents;

/// <summary>How <see cref="RwkvXChatHistoryProvider"/> keeps histories.</summary>
public sealed class RwkvXChatHistoryProviderOptions
{
    /// <summary>Whose conversations these are.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The newest messages that the model is sent again, at least 1; null = all. The memory keeps all of them.</summary>
    public int? MaxMessages { get; set; }

    /// <summary>How long a history lives after it began; null = until deleted. A run without a session leaves a history that nobody finds again.</summary>
    public TimeSpan? TimeToLive { get; set; }

    /// <summary>The key in the session's state; differs where an agent has two such providers.</summary>
    public string StateKey { get; set; } = nameof(RwkvXChatHistoryProvider);
}
