namespace RwkvX.AI.Grammars.Automata;

/// <summary>What a rule says, over bytes: the form that schemas, text grammars and patterns are brought to before they become automata.</summary>
internal abstract record Expression
{
    /// <summary>Nothing at all, which every text begins with.</summary>
    public static Expression Empty { get; } = new Literal([]);

    /// <summary>No text: a branch that can never be taken.</summary>
    public static Expression Never { get; } = new Choice([]);

    /// <summary>These bytes in this order.</summary>
    public sealed record Literal(byte[] Bytes) : Expression;

    /// <summary>One byte between the two, both included.</summary>
    public sealed record Range(byte Low, byte High) : Expression;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<Expression> Parts) : Expression;

    /// <summary>Any one of them.</summary>
    public sealed record Choice(IReadOnlyList<Expression> Options) : Expression;

    /// <summary>Any number of times, or once or not at all.</summary>
    public sealed record Repeat(Expression Item, bool Once) : Expression;

    /// <summary>Another rule; <paramref name="Min"/> and <paramref name="Max"/> bound the rounds of a loop rule and are 1 otherwise.</summary>
    public sealed record Call(int Rule, int Min = 1, int Max = 1) : Expression;

    /// <summary>A property name that must not come twice in one object: its bytes are remembered until the quote after it.</summary>
    public sealed record Key(Expression Body) : Expression;

    /// <summary>A graph of expressions from node 0 to the last node; shares what a tree would have to copy.</summary>
    public sealed record Network(int Nodes, IReadOnlyList<Arc> Arcs) : Expression;

    /// <summary>An edge of a <see cref="Network"/>.</summary>
    public readonly record struct Arc(int From, Expression Label, int To);

    public static Expression Text(string text) => new Literal(System.Text.Encoding.UTF8.GetBytes(text));

    public static Expression Of(params Expression[] parts) => new Sequence(parts);

    public static Expression Any(params Expression[] options) => new Choice(options);

    public static Expression Optional(Expression item) => new Repeat(item, Once: true);

    public static Expression Star(Expression item) => new Repeat(item, Once: false);
}
