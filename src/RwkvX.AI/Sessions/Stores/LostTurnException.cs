namespace RwkvX.AI.Sessions.Stores;

/// <summary>Something that was acknowledged as durable is gone: the log is shorter than the index says, or damaged before its end.</summary>
/// <remarks>Nothing is given up by itself: <see cref="IStateStore.RecoverAsync"/> takes the conversation back to its last whole append.</remarks>
public sealed class LostTurnException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="conversation">The conversation or the log that it reads.</param>
    /// <param name="acknowledged">Records that were acknowledged.</param>
    /// <param name="found">Records that are there, unbroken.</param>
    /// <param name="problem">Where the log breaks.</param>
    public LostTurnException(string conversation, long acknowledged, long found, StoreProblem problem)
        : base($"{conversation}: expected {acknowledged} acknowledged records, found {found}; {problem}")
    {
        Acknowledged = acknowledged;
        Found = found;
        Problem = problem;
    }

    /// <summary>Records that were acknowledged.</summary>
    public long Acknowledged { get; }

    /// <summary>Records that are there, unbroken.</summary>
    public long Found { get; }

    /// <summary>Where the log breaks.</summary>
    public StoreProblem Problem { get; }
}
