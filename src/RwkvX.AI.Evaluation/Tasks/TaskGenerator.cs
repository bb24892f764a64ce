namespace RwkvX.AI.Evaluation.Tasks;

/// <summary>Writes documents of one kind; a pure function of the random numbers it is given.</summary>
public abstract class TaskGenerator
{
    /// <summary>What plans and command lines call it.</summary>
    public abstract string Name { get; }

    /// <summary>Writes a document.</summary>
    /// <param name="random">Decides everything.</param>
    /// <param name="tokens">About how long it shall be.</param>
    /// <param name="count">Tokens of a text.</param>
    public abstract TaskDocument Write(Random random, int tokens, Func<string, int> count);
}
