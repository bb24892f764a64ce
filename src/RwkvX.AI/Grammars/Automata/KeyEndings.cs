namespace RwkvX.AI.Grammars.Automata;

/// <summary>
/// How long a property name may have to become to differ from all names used before: the length within which every state of the name
/// has more endings than an object may have free names.
/// </summary>
internal sealed class KeyEndings
{
    /// <summary>Properties with free names in one object; their number must be bounded for closings to be.</summary>
    public const int MaxKeys = 256;

    private readonly Dictionary<int, int> _lengths = [];

    public KeyEndings(GrammarProgram program)
    {
        foreach (IGrouping<int, int> rule in Enumerable.Range(0, program.States.Length).Where(i => program.States[i].InKey).GroupBy(i => program.States[i].Rule))
            _lengths.Add(rule.Key, Length(program, program.Rule(rule.Key), [.. rule]));
    }

    public int MaxLength(int rule) => _lengths[rule];

    private static int Length(GrammarProgram program, ProgramRule rule, int[] states)
    {
        int wanted = MaxKeys + 1 + rule.UsedKeys!.Count;
        Dictionary<int, int> endings = states.ToDictionary(state => state, _ => 0);
        for (int length = 0; ; length++)
        {
            Dictionary<int, int> longer = states.ToDictionary(state => state, state => Count(program.States[state], endings, wanted));
            if (longer.Values.Min() >= wanted) return length;
            if (states.All(state => longer[state] == endings[state]))
                throw new GrammarException($"{rule.Name}: the property names allowed are finitely many; list them under properties");
            endings = longer;
        }
    }

    /// <summary>Endings of at most one byte more than those counted: the quote at once, or a byte and then one of them.</summary>
    private static int Count(ProgramState state, Dictionary<int, int> endings, int wanted)
    {
        int count = 0;
        foreach (Nfa.ByteEdge edge in state.Bytes)
        {
            int width = edge.High - edge.Low + 1;
            count = Math.Min(wanted, count + (endings.TryGetValue(edge.To, out int more) ? Math.Min(wanted, more) * width : 1));
        }

        return count;
    }
}
