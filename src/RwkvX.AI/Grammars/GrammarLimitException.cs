namespace RwkvX.AI.Grammars;

/// <summary>The token limit is below what the shortest text of the grammar takes; refused before anything is decoded.</summary>
public sealed class GrammarLimitException : Exception
{
    /// <summary>Names both numbers.</summary>
    public GrammarLimitException(int requiredTokens, int tokenLimit)
        : base($"the shortest text that the grammar allows takes {requiredTokens} tokens, the limit is {tokenLimit}: raise the limit to at least {requiredTokens}")
    {
        RequiredTokens = requiredTokens;
        TokenLimit = tokenLimit;
    }

    /// <summary>Tokens that the shortest text of the grammar takes.</summary>
    public int RequiredTokens { get; }

    /// <summary>The limit that was asked for.</summary>
    public int TokenLimit { get; }
}
