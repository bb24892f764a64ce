namespace RwkvX.AI.Grammars.Automata;

/// <summary>FIRST and FOLLOW of the compiler books, over bytes: what may come after a rule, whoever called it.</summary>
internal static class FollowSets
{
    public static ByteSet[] Of(GrammarProgram program, Nullability nullable)
    {
        ByteSet[] first = First(program, nullable);
        var follow = new ByteSet[program.Rules.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (ProgramState state in program.States)
            {
                foreach (Nfa.CallEdge call in state.Calls)
                {
                    changed |= follow[call.Rule].UnionWith(OfState(program, call.To, first, nullable));
                    if (!nullable[call.To]) continue;
                    ByteSet outer = follow[state.Rule];
                    changed |= follow[call.Rule].UnionWith(outer);
                    if (program.Rule(state.Rule) is { IsLoop: true } loop)
                        changed |= follow[call.Rule].UnionWith(OfState(program, loop.NextStart, first, nullable));
                }
            }
        }

        return follow;
    }

    private static ByteSet[] First(GrammarProgram program, Nullability nullable)
    {
        var first = new ByteSet[program.Rules.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int rule = first.Length - 1; rule >= 0; rule--)
            {
                if (program.Rules[rule] is { } known) changed |= first[rule].UnionWith(OfState(program, known.Start, first, nullable));
            }
        }

        return first;
    }

    private static ByteSet OfState(GrammarProgram program, int state, ByteSet[] first, Nullability nullable)
    {
        var set = new ByteSet();
        foreach (Nfa.ByteEdge edge in program.States[state].Bytes) set.Add(edge.Low, edge.High);
        foreach (Nfa.CallEdge call in program.States[state].Calls)
        {
            set.UnionWith(first[call.Rule]);
            if (nullable.CanSkip(call)) set.UnionWith(OfState(program, call.To, first, nullable));
        }

        return set;
    }
}
