namespace RwkvX.AI.Grammars.Automata;

/// <summary>From which states a rule can end without reading anything, by fixpoint.</summary>
internal sealed class Nullability
{
    private readonly GrammarProgram _program;
    private readonly bool[] _states;

    public Nullability(GrammarProgram program)
    {
        _program = program;
        _states = new bool[program.States.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int state = _states.Length - 1; state >= 0; state--)
            {
                if (_states[state] || !Ends(program.States[state])) continue;
                _states[state] = changed = true;
            }
        }
    }

    /// <summary>Whether the rule can end at the state.</summary>
    public bool this[int state] => _states[state];

    /// <summary>Whether a call may read nothing.</summary>
    public bool CanSkip(Nfa.CallEdge call) => call.Min == 0 || _states[_program.Rule(call.Rule).Start];

    private bool Ends(ProgramState state)
    {
        if (state.Accepting) return true;
        foreach (Nfa.CallEdge call in state.Calls)
        {
            if (_states[call.To] && CanSkip(call)) return true;
        }

        return false;
    }
}
