using System.Text;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>A deterministic automaton over code points; state 0 is the start. For patterns, formats, lengths and what they have in common.</summary>
internal sealed class CodePointDfa
{
    public const int MaxStates = 20_000;

    public readonly record struct Edge(int Low, int High, int To);

    public CodePointDfa(IReadOnlyList<Edge[]> edges, IReadOnlyList<bool> accepting)
    {
        Edges = edges;
        Accepting = accepting;
    }

    /// <summary>By state: sorted, without overlap.</summary>
    public IReadOnlyList<Edge[]> Edges { get; }

    public IReadOnlyList<bool> Accepting { get; }

    /// <summary>Texts of a number of characters; <paramref name="max"/> is -1 for no bound.</summary>
    public static CodePointDfa OfLength(int min, int max)
    {
        int last = max < 0 ? min : max;
        return Explore(0, length => length < last || max < 0 ? AllTo(Math.Min(length + 1, last)) : [], length => length >= min);
    }

    /// <summary>Some texts and no others.</summary>
    public static CodePointDfa OfTexts(IReadOnlyCollection<string> texts) => Explore(
        "",
        start => texts.Where(text => text.Length > start.Length && text.StartsWith(start, StringComparison.Ordinal))
            .Select(text => Rune.GetRuneAt(text, start.Length)).Distinct().OrderBy(rune => rune.Value)
            .Select(rune => (rune.Value, rune.Value, start + rune)),
        texts.Contains);

    /// <summary>Builds an automaton from a description of its states, numbered as they are found.</summary>
    public static CodePointDfa Explore<TState>(TState start, Func<TState, IEnumerable<(int Low, int High, TState To)>> next, Func<TState, bool> accepts)
        where TState : notnull => Explore(start, next, accepts, EqualityComparer<TState>.Default);

    public static CodePointDfa Explore<TState>(
        TState start, Func<TState, IEnumerable<(int Low, int High, TState To)>> next, Func<TState, bool> accepts, IEqualityComparer<TState> comparer)
        where TState : notnull
    {
        Dictionary<TState, int> numbers = new(comparer) { [start] = 0 };
        List<TState> states = [start];
        List<Edge[]> edges = [];
        for (int i = 0; i < states.Count; i++)
        {
            List<Edge> found = [];
            foreach ((int low, int high, TState to) in next(states[i]))
            {
                if (!numbers.TryGetValue(to, out int number))
                {
                    if (states.Count >= MaxStates) throw new GrammarException($"needs more than {MaxStates} automaton states");
                    numbers.Add(to, number = states.Count);
                    states.Add(to);
                }

                found.Add(new Edge(low, high, number));
            }

            edges.Add([.. found]);
        }

        return new CodePointDfa(edges, [.. states.Select(accepts)]);
    }

    public CodePointDfa Intersect(CodePointDfa other) => Explore(
        (Left: 0, Right: 0),
        state => Common(Edges[state.Left], other.Edges[state.Right]),
        state => Accepting[state.Left] && other.Accepting[state.Right]).Trim();

    /// <summary>All other texts.</summary>
    public CodePointDfa Complement()
    {
        const int Outside = -1;
        return Explore(
            0,
            state => state == Outside ? AllTo(Outside) : Edges[state].Select(edge => (edge.Low, edge.High, edge.To)).Concat(Gaps(state)).OrderBy(edge => edge.Low),
            state => state == Outside || !Accepting[state]);

        IEnumerable<(int Low, int High, int To)> Gaps(int state) =>
            CodePointSet.Of(Edges[state].Select(edge => (edge.Low, edge.High))).Complement().Ranges.Select(range => (range.Low, range.High, Outside));
    }

    /// <summary>Whether no text is accepted.</summary>
    public bool IsEmpty => !Accepting.Any(accepts => accepts) || !Trim().Accepting.Any(accepts => accepts);

    public bool Matches(string text)
    {
        int state = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int to = Step(state, rune.Value);
            if (to < 0) return false;
            state = to;
        }

        return Accepting[state];
    }

    /// <summary>The state after a symbol, or -1.</summary>
    public int Step(int state, int codePoint)
    {
        foreach (Edge edge in Edges[state])
        {
            if (edge.Low <= codePoint && codePoint <= edge.High) return edge.To;
        }

        return -1;
    }

    /// <summary>Without the states from which no end can be reached.</summary>
    public CodePointDfa Trim()
    {
        var alive = new bool[Edges.Count];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = alive.Length - 1; i >= 0; i--)
            {
                if (alive[i] || !(Accepting[i] || Edges[i].Any(edge => alive[edge.To]))) continue;
                alive[i] = changed = true;
            }
        }

        return Explore(0, state => Edges[state].Where(edge => alive[edge.To]).Select(edge => (edge.Low, edge.High, edge.To)), state => Accepting[state]);
    }

    private static IEnumerable<(int, int, (int, int))> Common(Edge[] left, Edge[] right)
    {
        for (int i = 0, j = 0; i < left.Length && j < right.Length;)
        {
            int low = Math.Max(left[i].Low, right[j].Low);
            int high = Math.Min(left[i].High, right[j].High);
            if (low <= high) yield return (low, high, (left[i].To, right[j].To));
            if (left[i].High < right[j].High) i++;
            else j++;
        }
    }

    private static IEnumerable<(int, int, int)> AllTo(int state) => CodePointSet.All.Ranges.Select(range => (range.Low, range.High, state));
}
