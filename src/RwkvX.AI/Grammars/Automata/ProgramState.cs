namespace RwkvX.AI.Grammars.Automata;

/// <summary>A state of a deterministic rule automaton: at most one edge a byte; calls may compete with it.</summary>
internal sealed class ProgramState(int rule, bool inKey, bool accepting)
{
    public int Rule { get; } = rule;

    /// <summary>Whether bytes read from here belong to a property name that must be unique.</summary>
    public bool InKey { get; } = inKey;

    public bool Accepting { get; } = accepting;

    /// <summary>Sorted by <see cref="Nfa.ByteEdge.Low"/>, without overlap.</summary>
    public Nfa.ByteEdge[] Bytes { get; set; } = [];

    public Nfa.CallEdge[] Calls { get; set; } = [];

    /// <summary>The state after a byte, or -1.</summary>
    public int After(byte value)
    {
        Nfa.ByteEdge[] edges = Bytes;
        int low = 0, high = edges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (value < edges[middle].Low) high = middle - 1;
            else if (value > edges[middle].High) low = middle + 1;
            else return edges[middle].To;
        }

        return -1;
    }
}
