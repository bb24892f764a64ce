using Microsoft.Extensions.AI;

namespace RwkvX.AI.Agents;

/// <summary>How <see cref="RwkvXContextProvider"/> remembers and recalls.</summary>
public sealed class RwkvXContextProviderOptions
{
    /// <summary>Whose conversations these are.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The stored conversation of all sessions, such as one that has read documents; null = one for each session.</summary>
    public string? Conversation { get; set; }

    /// <summary>Whether the memory reads what is said in a session.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>When the memory is asked.</summary>
    public RecallTime RecallTime { get; set; }

    /// <summary>What stands before the memory's answer in the instructions.</summary>
    public string Prompt { get; set; } = "From memory: ";

    /// <summary>How the memory answers.</summary>
    public ChatOptions AnswerOptions { get; set; } = new() { Temperature = 0, MaxOutputTokens = 128 };

    /// <summary>How long a session's memory lives after it began; null = until deleted.</summary>
    public TimeSpan? TimeToLive { get; set; }

    /// <summary>The key in the session's state; differs where an agent has two such providers.</summary>
    public string StateKey { get; set; } = nameof(RwkvXContextProvider);
}
