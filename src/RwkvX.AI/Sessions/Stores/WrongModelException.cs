namespace RwkvX.AI.Sessions.Stores;

/// <summary>The conversation's states belong to another model, tokenizer or template.</summary>
/// <remarks>
/// Its transcript is readable all the same (<see cref="IStateStore.ReadAsync"/> needs no model): feeding it to a new conversation
/// rebuilds the memory under the model at hand.
/// </remarks>
public sealed class WrongModelException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="key">The conversation.</param>
    /// <param name="expected">What the caller runs.</param>
    /// <param name="found">What the conversation was made with.</param>
    public WrongModelException(ConversationKey key, StateBinding expected, StateBinding found)
        : base($"{key}: {Difference(expected, found)}; IRwkvXMemory.RebuildAsync reads its transcript into a new conversation")
    {
        Key = key;
        Expected = expected;
        Found = found;
    }

    /// <summary>The conversation whose transcript can be read to rebuild it.</summary>
    public ConversationKey Key { get; }

    /// <summary>What the caller runs.</summary>
    public StateBinding Expected { get; }

    /// <summary>What the conversation was made with.</summary>
    public StateBinding Found { get; }

    private static string Difference(StateBinding expected, StateBinding found)
    {
        List<string> parts = [];
        if (expected.Model != found.Model) parts.Add($"model: expected {expected.Model}, found {found.Model}");
        if (expected.Tokenizer != found.Tokenizer) parts.Add($"tokenizer: expected {expected.Tokenizer}, found {found.Tokenizer}");
        if (expected.Template != found.Template) parts.Add($"template: expected {expected.Template}, found {found.Template}");
        return string.Join("; ", parts);
    }
}
