using System.Text;
using RwkvX.AI.Grammars.Automata;

namespace RwkvX.AI.Grammars.Patterns;

/// <summary>Automata over code points as expressions over bytes.</summary>
internal static class CodePointLowering
{
    private static readonly CodePointSet NeedsEscape = CodePointSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\'));

    /// <summary>Characters that a JSON string may hold as they are.</summary>
    public static CodePointSet Unescaped { get; } = NeedsEscape.Complement();

    /// <summary>Plain UTF-8.</summary>
    public static Expression ToText(CodePointDfa automaton) => Lower(automaton, Utf8Ranges.ToExpression);

    /// <summary>What stands between the quotes of a JSON string: escaped exactly where JSON asks for it.</summary>
    public static Expression ToJsonString(CodePointDfa automaton) => Lower(automaton, JsonCharacter);

    /// <summary>What stands between the quotes of a property name: only characters that need no escape, so that a name has one spelling.</summary>
    public static Expression ToPropertyName(CodePointDfa automaton) => Lower(automaton, set => Utf8Ranges.ToExpression(set.Intersect(Unescaped)));

    /// <summary>The escaped form of a character that needs it; null for all others.</summary>
    public static string? Escape(int codePoint) => codePoint switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < 0x20 => $"\\u{codePoint:x4}",
        _ => null,
    };

    private static Expression.Choice JsonCharacter(CodePointSet set)
    {
        List<Expression> options = [Utf8Ranges.ToExpression(set.Intersect(Unescaped))];
        foreach ((int low, int high) in set.Intersect(NeedsEscape).Ranges)
        {
            for (int value = low; value <= high; value++) options.Add(new Expression.Literal(Encoding.ASCII.GetBytes(Escape(value)!)));
        }

        return new Expression.Choice(options);
    }

    private static Expression.Network Lower(CodePointDfa automaton, Func<CodePointSet, Expression> character)
    {
        List<Expression.Arc> arcs = [];
        int final = automaton.Edges.Count;
        for (int state = 0; state < final; state++)
        {
            if (automaton.Accepting[state]) arcs.Add(new Expression.Arc(state, Expression.Empty, final));
            foreach (IGrouping<int, CodePointDfa.Edge> target in automaton.Edges[state].GroupBy(edge => edge.To))
            {
                CodePointSet set = CodePointSet.Of(target.Select(edge => (edge.Low, edge.High)));
                arcs.Add(new Expression.Arc(state, character(set), target.Key));
            }
        }

        return new Expression.Network(final + 1, arcs);
    }
}
