namespace RwkvX.AI.Memory;

/// <summary>The tier that a conversation's state was found in.</summary>
public enum RestoredFrom
{
    /// <summary>Nowhere: the conversation was empty.</summary>
    Nothing,

    /// <summary>It was still in use by the engine.</summary>
    Memory,

    /// <summary>It had left the engine's device and was in main memory.</summary>
    Host,

    /// <summary>A stored state, and the tokens logged after it.</summary>
    Store,

    /// <summary>The log alone: every token was run again.</summary>
    Log,
}
