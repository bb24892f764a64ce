namespace RwkvX.AI.Grammars.Automata;

/// <summary>A nondeterministic automaton of one rule, built after Thompson: byte ranges, calls of rules, and empty edges.</summary>
internal sealed class Nfa
{
    public readonly record struct ByteEdge(byte Low, byte High, int To);

    public readonly record struct CallEdge(int Rule, int Min, int Max, int To);

    public sealed class State(bool inKey)
    {
        public bool InKey { get; } = inKey;
        public List<ByteEdge> Bytes { get; } = [];
        public List<CallEdge> Calls { get; } = [];
        public List<int> Empty { get; } = [];
    }

    private bool _inKey;

    public List<State> States { get; } = [];

    public int NewState()
    {
        States.Add(new State(_inKey));
        return States.Count - 1;
    }

    /// <summary>Adds what leads from a state through the expression, and returns the state at its end.</summary>
    public int Append(int from, Expression expression)
    {
        switch (expression)
        {
            case Expression.Literal literal:
                foreach (byte value in literal.Bytes) from = Link(from, value, value);
                return from;
            case Expression.Range range:
                return Link(from, range.Low, range.High);
            case Expression.Sequence sequence:
                foreach (Expression part in sequence.Parts) from = Append(from, part);
                return from;
            case Expression.Choice choice:
                return AppendChoice(from, choice);
            case Expression.Repeat repeat:
                return AppendRepeat(from, repeat);
            case Expression.Call call:
                int to = NewState();
                States[from].Calls.Add(new CallEdge(call.Rule, call.Min, call.Max, to));
                return to;
            case Expression.Key key:
                return AppendKey(from, key);
            case Expression.Network network:
                return AppendNetwork(from, network);
            default:
                throw new InvalidOperationException($"no automaton for {expression.GetType().Name}");
        }
    }

    private int Link(int from, byte low, byte high)
    {
        int to = NewState();
        States[from].Bytes.Add(new ByteEdge(low, high, to));
        return to;
    }

    private int AppendChoice(int from, Expression.Choice choice)
    {
        int to = NewState();
        foreach (Expression option in choice.Options) States[Append(from, option)].Empty.Add(to);
        return to;
    }

    private int AppendRepeat(int from, Expression.Repeat repeat)
    {
        int head = NewState();
        States[from].Empty.Add(head);
        int end = Append(head, repeat.Item);
        if (!repeat.Once)
        {
            States[end].Empty.Add(head);
            int after = NewState();
            States[head].Empty.Add(after);
            return after;
        }

        States[head].Empty.Add(end);
        return end;
    }

    /// <summary>The states of the body are those in which a key is being read; the quotes around it are outside.</summary>
    private int AppendKey(int from, Expression.Key key)
    {
        _inKey = true;
        int start = NewState();
        int end = Append(start, key.Body);
        _inKey = false;
        States[from].Empty.Add(start);
        return end;
    }

    private int AppendNetwork(int from, Expression.Network network)
    {
        int[] nodes = new int[network.Nodes];
        for (int i = 0; i < nodes.Length; i++) nodes[i] = NewState();
        States[from].Empty.Add(nodes[0]);
        foreach (Expression.Arc arc in network.Arcs)
        {
            // A detour over a fresh state: loops of an arc's expression must not meet the other arcs of the node.
            int start = NewState();
            States[nodes[arc.From]].Empty.Add(start);
            States[Append(start, arc.Label)].Empty.Add(nodes[arc.To]);
        }

        return nodes[^1];
    }
}
