namespace RwkvX.AI.Grammars.Automata;

/// <summary>
/// For every state the shortest way to the end of its rule, after Knuth's generalisation of shortest paths to grammars (by fixpoint):
/// the shortest of all, and the shortest among those that nest least, for where the limit of nesting forbids the first.
/// </summary>
internal sealed class ShortestPaths
{
    public const int Infinite = int.MaxValue / 4;

    /// <summary>Bytes that a closing may take for one call: it is spelt out, and more of it than any limit of tokens would hold means a slip in the grammar.</summary>
    private const int MaxCallBytes = 1 << 18;

    /// <summary>The choice at a state from which the rule ends.</summary>
    public const int End = -1;

    private readonly GrammarProgram _program;
    private readonly KeyEndings _keys;
    private readonly bool[] _opensKey;
    private readonly int[] _need, _bytes, _flatBytes, _choices, _flatChoices, _depth;

    public ShortestPaths(GrammarProgram program)
    {
        _program = program;
        _keys = new KeyEndings(program);
        int count = program.States.Length;
        (_need, _bytes, _flatBytes) = (new int[count], new int[count], new int[count]);
        (_choices, _flatChoices) = (new int[count], new int[count]);
        foreach (int[] costs in (int[][])[_need, _bytes, _flatBytes]) Array.Fill(costs, Infinite);
        Repeat(ImproveNeed);
        Repeat(i => Improve(i, _bytes, _choices, flat: false));
        Repeat(i => Improve(i, _flatBytes, _flatChoices, flat: true));
        RefuseEndless();
        _depth = new int[count];
        Repeat(ImproveDepth);
        _opensKey = new bool[count];
        Repeat(ImproveOpensKey);
    }

    /// <summary>Bytes of the shortest way from a state to the end of its round; an upper bound where names must be unique.</summary>
    public int Bytes(int state) => _bytes[state];

    /// <summary>Levels of nesting without which no end can be reached.</summary>
    public int Need(int state) => _need[state];

    /// <summary>Levels of nesting on the shortest way.</summary>
    public int Depth(int state) => _depth[state];

    /// <summary>Whether a property name must be begun on the shortest way.</summary>
    public bool OpensKey(int state) => _opensKey[state];

    /// <summary>Index of the byte edge to take, or the number of byte edges plus that of the call, or <see cref="End"/>.</summary>
    /// <param name="state">Where.</param>
    /// <param name="flat">The shortest among the ways that nest least, instead of the shortest of all.</param>
    public int Choice(int state, bool flat) => flat ? _flatChoices[state] : _choices[state];

    /// <summary>Bytes within which every property name of the state's rule can be ended so that it is a new one.</summary>
    public int KeyEnding(int state) => _keys.MaxLength(_program.States[state].Rule);

    /// <summary>Levels of nesting that every text of a rule has.</summary>
    public int RuleNeed(int rule) => LevelsOf(new Nfa.CallEdge(rule, 1, 1, 0), _need);

    /// <summary>Bytes of the rounds that a loop must still make after the one it is in.</summary>
    public int RoundBytes(int state, int minLeft) =>
        minLeft == 0 ? 0 : (int)Math.Min(Infinite, (long)minLeft * _bytes[_program.RuleOf(state).NextStart]);

    public static int Add(int left, int right) => Math.Min(Infinite, left + right);

    private void RefuseEndless()
    {
        foreach (Nfa.CallEdge call in _program.States.SelectMany(state => state.Calls))
        {
            if (BytesOf(call, _bytes) > MaxCallBytes)
                throw new GrammarException($"{_program.Rule(call.Rule).Name}: the shortest text takes more than {MaxCallBytes:N0} bytes");
        }
    }

    /// <summary>From the last state to the first, as rules and rounds run the other way: few passes.</summary>
    private void Repeat(Func<int, bool> improve)
    {
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = _need.Length - 1; i >= 0; i--) changed |= improve(i);
        }
    }

    private bool ImproveNeed(int i)
    {
        ProgramState state = _program.States[i];
        int best = state.Accepting ? 0 : _need[i];
        foreach (Nfa.ByteEdge edge in state.Bytes) best = Math.Min(best, _need[edge.To]);
        foreach (Nfa.CallEdge call in state.Calls) best = Math.Min(best, Math.Max(_need[call.To], LevelsOf(call, _need)));
        bool better = best < _need[i];
        _need[i] = best;
        return better;
    }

    private bool Improve(int i, int[] costs, int[] choices, bool flat)
    {
        ProgramState state = _program.States[i];
        (int best, int choice) = state.Accepting ? (0, End) : (costs[i], choices[i]);
        for (int e = 0; e < state.Bytes.Length; e++)
        {
            int to = state.Bytes[e].To;
            int cost = Add(costs[to], !state.InKey && _program.States[to].InKey ? 1 + _keys.MaxLength(state.Rule) : 1);
            if (cost < best && !(flat && _need[to] > _need[i])) (best, choice) = (cost, e);
        }

        for (int c = 0; c < state.Calls.Length; c++)
        {
            Nfa.CallEdge call = state.Calls[c];
            int cost = Add(costs[call.To], BytesOf(call, costs));
            if (cost < best && !(flat && Math.Max(_need[call.To], LevelsOf(call, _need)) > _need[i])) (best, choice) = (cost, state.Bytes.Length + c);
        }

        if (best >= costs[i]) return false;
        (costs[i], choices[i]) = (best, choice);
        return true;
    }

    private bool ImproveDepth(int i)
    {
        ProgramState state = _program.States[i];
        int choice = _choices[i];
        if (_bytes[i] >= Infinite || choice == End) return false;
        int depth = choice < state.Bytes.Length ? _depth[state.Bytes[choice].To] : DepthOf(state.Calls[choice - state.Bytes.Length]);
        bool deeper = depth > _depth[i];
        _depth[i] = depth;
        return deeper;
    }

    private bool ImproveOpensKey(int i)
    {
        ProgramState state = _program.States[i];
        int choice = _choices[i];
        if (_opensKey[i] || _bytes[i] >= Infinite || choice == End) return false;
        int to = choice < state.Bytes.Length ? state.Bytes[choice].To : state.Calls[choice - state.Bytes.Length].To;
        return _opensKey[i] = _opensKey[to] || (!state.InKey && _program.States[to].InKey);
    }

    private int DepthOf(Nfa.CallEdge call) => Math.Max(_depth[call.To], LevelsOf(call, _depth));

    private int BytesOf(Nfa.CallEdge call, int[] costs)
    {
        if (call.Min == 0) return 0;
        ProgramRule rule = _program.Rule(call.Rule);
        long rounds = call.Min == 1 ? 0 : (call.Min - 1L) * costs[rule.NextStart];
        return (int)Math.Min(Infinite, costs[rule.Start] + rounds);
    }

    private int LevelsOf(Nfa.CallEdge call, int[] levels)
    {
        if (call.Min == 0) return 0;
        ProgramRule rule = _program.Rule(call.Rule);
        int rounds = call.Min == 1 ? levels[rule.Start] : Math.Max(levels[rule.Start], levels[rule.NextStart]);
        return Math.Min(Infinite, rounds + (rule.Nests ? 1 : 0));
    }
}
