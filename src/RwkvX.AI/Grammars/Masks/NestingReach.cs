using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Masks;

/// <summary>How many levels of nesting one token can feel: further away than that, the limit makes no difference to a frame.</summary>
internal sealed class NestingReach
{
    private readonly GrammarProgram _program;
    private readonly bool[] _nests; // by rule: whether it or a rule it calls nests
    private readonly int _reach;

    public NestingReach(GrammarProgram program, TokenTrie trie)
    {
        _program = program;
        _nests = new bool[program.Rules.Length];
        for (int rule = 0; rule < _nests.Length; rule++) _nests[rule] = program.Rules[rule]?.Nests == true;
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (ProgramState state in program.States)
            {
                if (_nests[state.Rule] || !state.Calls.Any(call => _nests[call.Rule])) continue;
                _nests[state.Rule] = changed = true;
            }
        }

        int need = Enumerable.Range(0, program.States.Length)
            .Select(state => Math.Max(program.Shortest.Need(state), program.Shortest.Depth(state)))
            .Where(levels => levels < ShortestPaths.Infinite).Max();
        int nesting = program.Rules.Count(rule => rule?.Nests == true);
        _reach = nesting == 0 ? 0 : OpensWithByte(program, out ByteSet opening)
            ? need + MostOf(opening, trie) + 1
            : need + (nesting * (trie.MaxLength + 1));
    }

    /// <summary>The depth at which an unknown stack stands for one of this depth below a frame of the rule.</summary>
    public int Localize(int rule, int depth) => _nests[rule] ? Math.Max(depth, _program.MaxDepth - _reach - 1) : 0;

    /// <summary>Whether every nesting rule begins with a byte of its own, as JSON's do; then a token nests no more often than it has such bytes.</summary>
    private static bool OpensWithByte(GrammarProgram program, out ByteSet opening)
    {
        opening = default;
        foreach (ProgramRule rule in program.Rules.OfType<ProgramRule>().Where(rule => rule.Nests))
        {
            ProgramState start = program.States[rule.Start];
            if (start.Calls.Length > 0 || start.Accepting) return false;
            foreach (Nfa.ByteEdge edge in start.Bytes) opening.Add(edge.Low, edge.High);
        }

        return true;
    }

    private static int MostOf(ByteSet set, TokenTrie trie)
    {
        int most = 0;
        var counts = new int[trie.MaxLength + 1];
        for (int node = 1; node < trie.Count; node++)
        {
            int depth = trie.Depths[node];
            counts[depth] = counts[depth - 1] + (set.Contains(trie.Labels[node]) ? 1 : 0);
            most = Math.Max(most, counts[depth]);
        }

        return most;
    }
}
