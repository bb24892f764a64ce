namespace RwkvX.AI.Sessions.Stores;

/// <summary>Stored bytes are damaged, cut short or not of this format.</summary>
public sealed class StateCorruptException : StateStoreException
{
    /// <summary>Creates the error.</summary>
    /// <param name="problem">What, where, expected and found.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public StateCorruptException(StoreProblem problem, Exception? inner = null) : base(problem?.ToString() ?? "", inner) =>
        Problem = problem ?? throw new ArgumentNullException(nameof(problem));

    internal StateCorruptException(string where, string what, object expected, object found)
        : this(new StoreProblem(where, what, $"{expected}", $"{found}"))
    {
    }

    /// <summary>What is damaged, where, what was expected and what was found.</summary>
    public StoreProblem Problem { get; }
}
