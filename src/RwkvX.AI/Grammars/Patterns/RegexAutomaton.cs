using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>
/// Regular expressions as automata. Anchors are symbols of their own: the text is thought of as standing between a begin and an end symbol,
/// which are taken away at last.
/// </summary>
internal sealed class RegexAutomaton
{
    private const int MaxStates = 100_000;

    private static readonly CodePointSet AllAndBegin = CodePointSet.Union(CodePointSet.All, CodePointSet.Of(RegexNode.Begin));

    private static readonly CodePointSet AllAndEnd = CodePointSet.Union(CodePointSet.All, CodePointSet.Of(RegexNode.End));

    private const int MaxWork = 1_500_000; // places that subsets hold, in all: seconds, whatever the pattern

    private readonly List<List<(CodePointSet? Set, int To)>> _edges = []; // a null set is an empty edge
    private int _work;

    /// <summary>Texts in which the expression matches somewhere, as JSON schema's <c>pattern</c> has it.</summary>
    public static CodePointDfa Search(string pattern) => Build(new RegexNode.Sequence(
        [RegexNode.Many(AllAndBegin), RegexParser.Parse(pattern, isBasic: true), RegexNode.Many(AllAndEnd)]));

    /// <summary>Texts that the expression matches from start to end.</summary>
    public static CodePointDfa WholeMatch(string pattern)
    {
        RegexNode begin = new RegexNode.Repeat(new RegexNode.One(CodePointSet.Of(RegexNode.Begin)), 0, 1);
        RegexNode end = new RegexNode.Repeat(new RegexNode.One(CodePointSet.Of(RegexNode.End)), 0, 1);
        return Build(new RegexNode.Sequence([begin, RegexParser.Parse(pattern), end]));
    }

    private static CodePointDfa Build(RegexNode node)
    {
        var nfa = new RegexAutomaton();
        int start = nfa.NewState();
        int final = nfa.Append(start, node);
        CodePointDfa framed = CodePointDfa.Explore(nfa.Close([start]), nfa.Next, subset => subset.Contains(final), IntArrayComparer.Instance);
        return WithoutFrame(framed);
    }

    /// <summary>From after the begin symbol to before the end symbol.</summary>
    private static CodePointDfa WithoutFrame(CodePointDfa framed)
    {
        int start = framed.Step(0, RegexNode.Begin);
        if (start < 0) return new CodePointDfa([[]], [false]);
        return CodePointDfa.Explore(
            start,
            state => framed.Edges[state].Where(edge => edge.Low <= CodePointSet.MaxCodePoint)
                .Select(edge => (edge.Low, Math.Min(edge.High, CodePointSet.MaxCodePoint), edge.To)),
            state => framed.Step(state, RegexNode.End) is >= 0 and var end && framed.Accepting[end]).Trim();
    }

    private int NewState()
    {
        if (_edges.Count >= MaxStates) throw new GrammarException("the regular expression is too large");
        _edges.Add([]);
        return _edges.Count - 1;
    }

    private int Append(int from, RegexNode node)
    {
        switch (node)
        {
            case RegexNode.One one:
                int to = NewState();
                _edges[from].Add((one.Set, to));
                return to;
            case RegexNode.Sequence sequence:
                return sequence.Parts.Aggregate(from, Append);
            case RegexNode.Choice choice:
                int join = NewState();
                foreach (RegexNode option in choice.Options) _edges[Append(from, option)].Add((null, join));
                return join;
            default:
                return AppendRepeat(from, (RegexNode.Repeat)node);
        }
    }

    private int AppendRepeat(int from, RegexNode.Repeat repeat)
    {
        for (int i = 0; i < repeat.Min; i++) from = Append(from, repeat.Item);
        int end = NewState();
        for (int i = repeat.Min; i < repeat.Max; i++)
        {
            _edges[from].Add((null, end));
            from = Append(from, repeat.Item);
        }

        if (repeat.Max < 0)
        {
            int head = NewState();
            _edges[from].Add((null, head));
            _edges[Append(head, repeat.Item)].Add((null, head));
            from = head;
        }

        _edges[from].Add((null, end));
        return end;
    }

    private int[] Close(IEnumerable<int> seeds)
    {
        HashSet<int> closed = [.. seeds];
        Stack<int> open = new(closed);
        while (open.TryPop(out int state))
        {
            foreach ((CodePointSet? set, int to) in _edges[state])
            {
                if (set is null && closed.Add(to)) open.Push(to);
            }
        }

        _work += closed.Count;
        if (_work > MaxWork) throw new GrammarException("the regular expression is too large");
        return [.. closed.Order()];
    }

    /// <summary>Cuts the code points at every border of a set; between two borders all behave alike.</summary>
    private IEnumerable<(int Low, int High, int[] To)> Next(int[] subset)
    {
        List<(int Low, int High, int To)> ranges = [.. subset.SelectMany(state => _edges[state])
            .Where(edge => edge.Set is not null)
            .SelectMany(edge => edge.Set!.Ranges.Select(range => (range.Low, range.High, edge.To)))];
        int[] borders = [.. ranges.SelectMany(range => (int[])[range.Low, range.High + 1]).Distinct().Order()];
        for (int i = 0; i + 1 < borders.Length; i++)
        {
            int[] targets = [.. ranges.Where(range => range.Low <= borders[i] && borders[i] <= range.High).Select(range => range.To).Distinct()];
            if (targets.Length > 0) yield return (borders[i], borders[i + 1] - 1, Close(targets));
        }
    }
}
