namespace RwkvX.AI.Grammars.Automata;

/// <summary>
/// A compiled grammar: rule automata over bytes that call each other through a stack. Holds what can be known without a vocabulary:
/// which branches end, what may follow a rule, the shortest way to the end of a rule and the nesting it takes.
/// </summary>
internal sealed class GrammarProgram
{
    public GrammarProgram(ProgramState[] states, ProgramRule?[] rules, int startRule, int maxDepth)
    {
        States = states;
        Rules = rules;
        StartRule = startRule;
        MaxDepth = maxDepth;
        var nullable = new Nullability(this);
        LeftRecursion.Refuse(this, nullable);
        Pruning.Prune(this);
        Shortest = new ShortestPaths(this);
        if (Shortest.RuleNeed(startRule) > maxDepth)
            throw new GrammarException($"every text of the grammar nests {Shortest.RuleNeed(startRule)} levels deep, the limit is {maxDepth}");
        Follow = FollowSets.Of(this, nullable);
        HasKeys = states.Any(state => state.InKey);
    }

    public ProgramState[] States { get; }

    /// <summary>By rule number; null for rules that the start rule does not reach.</summary>
    public ProgramRule?[] Rules { get; }

    public int StartRule { get; }

    /// <summary>Levels of nesting allowed.</summary>
    public int MaxDepth { get; }

    public ShortestPaths Shortest { get; }

    /// <summary>By rule number: the bytes that may come after the rule's end, in any context.</summary>
    public ByteSet[] Follow { get; }

    /// <summary>Whether some rule has property names that must be unique.</summary>
    public bool HasKeys { get; }

    public ProgramRule Rule(int rule) => Rules[rule]!;

    public ProgramRule RuleOf(int state) => Rules[States[state].Rule]!;
}
