namespace RwkvX.AI.Sessions.Stores;

/// <summary>Tokens run over the state, in the spans in which they were first computed: replayed so, a state comes back bit for bit.</summary>
/// <param name="Tokens">(T) token ids, T ≥ 1, none negative.</param>
/// <param name="Spans">Lengths of the spans in order, each ≥ 1, their sum T.</param>
public sealed record TokensRecord(ReadOnlyMemory<int> Tokens, ReadOnlyMemory<int> Spans) : LogRecord
{
    /// <summary>Tokens computed in one span.</summary>
    /// <param name="tokens">(T) token ids.</param>
    public TokensRecord(ReadOnlyMemory<int> tokens) : this(tokens, new[] { tokens.Length })
    {
    }

    /// <inheritdoc/>
    public bool Equals(TokensRecord? other) =>
        other is not null && Tokens.Span.SequenceEqual(other.Tokens.Span) && Spans.Span.SequenceEqual(other.Spans.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int token in Tokens.Span) hash.Add(token);
        return hash.ToHashCode();
    }

    internal void Validate(string parameter)
    {
        if (Tokens.IsEmpty) throw new ArgumentException("tokens: expected at least one, found none", parameter);
        foreach (int token in Tokens.Span)
            if (token < 0) throw new ArgumentException($"tokens: expected ids of 0 and above, found {token}", parameter);
        long sum = 0;
        foreach (int span in Spans.Span)
        {
            if (span < 1) throw new ArgumentException($"spans: expected lengths of 1 and above, found {span}", parameter);
            sum += span;
        }

        if (sum != Tokens.Length) throw new ArgumentException($"spans: expected a sum of {Tokens.Length}, found {sum}", parameter);
    }
}
