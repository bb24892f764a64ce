using Microsoft.Extensions.AI;

namespace RwkvX.AI.SemanticKernel;

/// <summary>How <see cref="RwkvXContextProvider"/> remembers and recalls.</summary>
public sealed class RwkvXContextProviderOptions
{
    /// <summary>Whose conversations these are.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The stored conversation of a thread that has no id of its own; null = one with a new name.</summary>
    public string? Conversation { get; set; }

    /// <summary>The checkpoint that suspending sets and resuming goes back to.</summary>
    public string Checkpoint { get; set; } = "suspended";

    /// <summary>Whether the memory is asked before each invocation, with the last user message; the answer goes into the instructions.</summary>
    public bool RecallsBeforeInvocation { get; set; } = true;

    /// <summary>Whether the model is offered the function <c>recall</c>, which asks the memory.</summary>
    public bool OffersRecall { get; set; } = true;

    /// <summary>What stands before the memory's answer in the instructions.</summary>
    public string Prompt { get; set; } = "From memory: ";

    /// <summary>How the memory answers.</summary>
    public ChatOptions AnswerOptions { get; set; } = new() { Temperature = 0, MaxOutputTokens = 128 };
}
