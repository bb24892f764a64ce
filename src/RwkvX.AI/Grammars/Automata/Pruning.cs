namespace RwkvX.AI.Grammars.Automata;

/// <summary>Takes away every edge from which no end can be reached, so that a text that was begun can always be finished.</summary>
internal static class Pruning
{
    public static void Prune(GrammarProgram program)
    {
        ProgramState[] states = program.States;
        var productive = new bool[states.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = states.Length - 1; i >= 0; i--) // callees and later states first: mostly one pass
            {
                if (productive[i] || !IsProductive(program, states[i], productive)) continue;
                productive[i] = changed = true;
            }
        }

        if (!productive[program.Rule(program.StartRule).Start]) throw new GrammarException("no finite text satisfies the grammar");
        foreach (ProgramState state in states)
        {
            if (state.Bytes.Any(edge => !productive[edge.To])) state.Bytes = [.. state.Bytes.Where(edge => productive[edge.To])];
            if (state.Calls.Any(call => !IsProductive(program, call, productive)))
                state.Calls = [.. state.Calls.Where(call => IsProductive(program, call, productive))];
        }
    }

    private static bool IsProductive(GrammarProgram program, ProgramState state, bool[] productive)
    {
        if (state.Accepting) return true;
        foreach (Nfa.ByteEdge edge in state.Bytes)
        {
            if (productive[edge.To]) return true;
        }

        foreach (Nfa.CallEdge call in state.Calls)
        {
            if (IsProductive(program, call, productive)) return true;
        }

        return false;
    }

    /// <summary>A loop that may stay empty is productive without its rounds; its dead rounds have no edges then.</summary>
    private static bool IsProductive(GrammarProgram program, Nfa.CallEdge call, bool[] productive) =>
        productive[call.To] && (call.Min == 0 || RoundsEnd(program, call, productive));

    private static bool RoundsEnd(GrammarProgram program, Nfa.CallEdge call, bool[] productive)
    {
        ProgramRule rule = program.Rule(call.Rule);
        return productive[rule.Start] && (!rule.IsLoop || call.Min <= 1 || productive[rule.NextStart]);
    }
}
