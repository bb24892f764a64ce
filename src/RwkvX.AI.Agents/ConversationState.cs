namespace RwkvX.AI.Agents;

/// <summary>What a provider keeps in a session: which stored conversation is the session's.</summary>
internal sealed class ConversationState
{
    /// <summary>Its name, under the provider's tenant.</summary>
    public string Name { get; set; } = "";

    /// <summary>Whether something was stored: from then on a missing conversation is an error, not an empty one.</summary>
    public bool IsStored { get; set; }
}
