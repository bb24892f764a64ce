using System.Runtime.InteropServices;

namespace RwkvX.AI.Grammars.Automata;

/// <summary>
/// Makes the automata of all rules that a start rule reaches deterministic (subset construction over bytes and calls).
/// What stays open are a call beside a byte or another call, and the end of a rule beside its continuation: those are followed side by side.
/// </summary>
internal sealed class RuleCompiler
{
    /// <summary>States in all; a grammar beyond this would take seconds to compile and hundreds of megabytes.</summary>
    public const int MaxStates = 400_000;

    private readonly GrammarRules _definitions;
    private readonly List<ProgramState> _states = [];
    private readonly ProgramRule?[] _rules;
    private readonly Queue<int> _pending = [];

    private RuleCompiler(GrammarRules definitions)
    {
        _definitions = definitions;
        _rules = new ProgramRule?[definitions.Count];
    }

    public static GrammarProgram Compile(GrammarRules definitions, int start, int maxDepth)
    {
        var compiler = new RuleCompiler(definitions);
        compiler._pending.Enqueue(start);
        HashSet<int> seen = [start];
        while (compiler._pending.TryDequeue(out int rule))
        {
            int first = compiler._states.Count;
            compiler.CompileRule(rule);
            foreach (ProgramState state in CollectionsMarshal.AsSpan(compiler._states)[first..])
            {
                foreach (Nfa.CallEdge call in state.Calls)
                {
                    if (seen.Add(call.Rule)) compiler._pending.Enqueue(call.Rule);
                }
            }
        }

        return new GrammarProgram([.. compiler._states], compiler._rules, start, maxDepth);
    }

    private void CompileRule(int rule)
    {
        RuleDefinition definition = _definitions[rule];
        var nfa = new Nfa();
        int start = nfa.NewState();
        int next = -1;
        int entry = start;
        if (definition.IsLoop)
        {
            // Two ways into one round: directly for the first, through the separator for every other.
            next = nfa.NewState();
            entry = nfa.NewState();
            nfa.States[start].Empty.Add(entry);
            nfa.States[nfa.Append(next, definition.Separator ?? Expression.Empty)].Empty.Add(entry);
        }

        int final = nfa.Append(entry, definition.Body);
        var subsets = new SubsetConstruction(nfa, final, rule, _states);
        int first = subsets.StateOf([start]);
        int further = definition.IsLoop ? subsets.StateOf([next]) : -1;
        subsets.Run();
        _rules[rule] = new ProgramRule(definition.Name, first, further, definition.Nests, definition.UsedKeys);
    }

    /// <summary>One rule's subset construction; states are numbered breadth first, after those of the rules before.</summary>
    private sealed class SubsetConstruction(Nfa nfa, int final, int rule, List<ProgramState> states)
    {
        private readonly Dictionary<int[], int> _numbers = new(IntArrayComparer.Instance);
        private readonly List<(int State, int[] Subset)> _open = [];
        private readonly bool[] _marked = new bool[nfa.States.Count];
        private readonly Stack<int> _stack = [];

        public int StateOf(IReadOnlyList<int> seeds)
        {
            int[] subset = Close(seeds);
            if (_numbers.TryGetValue(subset, out int known)) return known;
            if (states.Count >= MaxStates) throw new GrammarException($"the grammar needs more than {MaxStates} automaton states");
            bool inKey = false;
            foreach (int member in subset) inKey |= nfa.States[member].InKey;
            states.Add(new ProgramState(rule, inKey, Array.BinarySearch(subset, final) >= 0));
            int number = states.Count - 1;
            _numbers.Add(subset, number);
            _open.Add((number, subset));
            return number;
        }

        public void Run()
        {
            for (int i = 0; i < _open.Count; i++)
            {
                (int state, int[] subset) = _open[i];
                states[state].Bytes = ByteEdges(subset);
                states[state].Calls = CallEdges(subset);
            }
        }

        /// <summary>The states reached over empty edges, of which only those that do something are kept.</summary>
        private int[] Close(IReadOnlyList<int> seeds)
        {
            List<int> visited = [];
            foreach (int seed in seeds) Mark(seed, visited);
            while (_stack.TryPop(out int state))
            {
                foreach (int to in nfa.States[state].Empty) Mark(to, visited);
            }

            List<int> kept = [];
            foreach (int state in visited)
            {
                _marked[state] = false;
                if (state == final || nfa.States[state].Bytes.Count > 0 || nfa.States[state].Calls.Count > 0) kept.Add(state);
            }

            kept.Sort();
            return [.. kept];
        }

        private void Mark(int state, List<int> visited)
        {
            if (_marked[state]) return;
            _marked[state] = true;
            visited.Add(state);
            _stack.Push(state);
        }

        private Nfa.ByteEdge[] ByteEdges(int[] subset)
        {
            var targets = new List<int>?[256];
            foreach (int member in subset)
            {
                foreach (Nfa.ByteEdge edge in nfa.States[member].Bytes)
                {
                    for (int value = edge.Low; value <= edge.High; value++) (targets[value] ??= []).Add(edge.To);
                }
            }

            List<Nfa.ByteEdge> edges = [];
            for (int value = 0; value < 256;)
            {
                int low = value++;
                if (targets[low] is not { } same) continue;
                while (value < 256 && targets[value] is { } other && other.SequenceEqual(same)) value++;
                edges.Add(new Nfa.ByteEdge((byte)low, (byte)(value - 1), StateOf(same)));
            }

            return [.. edges];
        }

        private Nfa.CallEdge[] CallEdges(int[] subset)
        {
            Dictionary<(int Rule, int Min, int Max), List<int>> targets = [];
            foreach (int member in subset)
            {
                foreach (Nfa.CallEdge call in nfa.States[member].Calls)
                {
                    ref List<int>? list = ref CollectionsMarshal.GetValueRefOrAddDefault(targets, (call.Rule, call.Min, call.Max), out _);
                    (list ??= []).Add(call.To);
                }
            }

            return [.. targets.Select(target => new Nfa.CallEdge(target.Key.Rule, target.Key.Min, target.Key.Max, StateOf(target.Value)))];
        }
    }
}
