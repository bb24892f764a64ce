namespace RwkvX.AI.Grammars.Automata;

/// <summary>Refuses what would go round without reading a byte: a rule that can call itself first, and a repeated part that may be empty.</summary>
internal sealed class LeftRecursion
{
    private const byte OnPath = 1, Done = 2;

    private readonly GrammarProgram _program;
    private readonly Nullability _nullable;
    private readonly byte[] _rules;
    private readonly byte[] _states;

    private LeftRecursion(GrammarProgram program, Nullability nullable)
    {
        _program = program;
        _nullable = nullable;
        _rules = new byte[program.Rules.Length];
        _states = new byte[program.States.Length];
    }

    public static void Refuse(GrammarProgram program, Nullability nullable)
    {
        var search = new LeftRecursion(program, nullable);
        for (int rule = 0; rule < program.Rules.Length; rule++)
        {
            if (program.Rules[rule] is not { } known) continue;
            if (known.IsLoop && nullable[known.Start]) ThrowEmptyRound(known);
            search.VisitRule(rule);
        }

        for (int state = 0; state < program.States.Length; state++) search.VisitState(state);
    }

    private void VisitRule(int rule)
    {
        if (_rules[rule] == Done) return;
        ProgramRule known = _program.Rule(rule);
        if (_rules[rule] == OnPath)
            throw new GrammarException($"rule '{known.Name}' can call itself without reading anything (left recursion)");
        _rules[rule] = OnPath;
        VisitState(known.Start);
        if (known.IsLoop) VisitState(known.NextStart);
        _rules[rule] = Done;
    }

    private void VisitState(int state)
    {
        if (_states[state] == Done) return;
        if (_states[state] == OnPath) ThrowEmptyRound(_program.RuleOf(state));
        if (_program.States[state].Calls.Length == 0) return;
        _states[state] = OnPath;
        foreach (Nfa.CallEdge call in _program.States[state].Calls)
        {
            VisitRule(call.Rule);
            if (_nullable.CanSkip(call)) VisitState(call.To);
        }

        _states[state] = Done;
    }

    private static void ThrowEmptyRound(ProgramRule rule) => throw new GrammarException($"rule '{rule.Name}': a repeated part may be empty");
}
