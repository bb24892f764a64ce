namespace RwkvX.AI.Generation;

/// <summary>
/// Says which tokens may come next in one text being generated. A constraint belongs to one request and one thread;
/// the generator fills the mask, samples from what is allowed and reports what it took.
/// </summary>
internal interface ITokenConstraint
{
    /// <summary>Tokens of the shortest closing known from here; 0 where the text is complete. The limit of a request must be at least this.</summary>
    int TokensToClose { get; }

    /// <summary>Whether the text is complete as it stands: a limit that cuts it here cuts nothing off.</summary>
    bool IsComplete { get; }

    /// <summary>Whether any text may still follow. False with <see cref="IsComplete"/>: stop without sampling.</summary>
    bool CanContinue { get; }

    /// <summary>Whether the last token taken ended the text and is no part of it.</summary>
    bool IsEnded { get; }

    /// <summary>
    /// Sets bit <c>id % 64</c> of word <c>id / 64</c> for every token that may come next, and clears all others.
    /// </summary>
    /// <param name="allowed">One bit per id of the model's vocabulary: (V + 63) / 64 words.</param>
    /// <param name="remainingTokens">How many tokens may still be generated, the next one included; only tokens after which the text can still be closed are allowed.</param>
    void FillMask(Span<ulong> allowed, int remainingTokens);

    /// <summary>Takes the token that was sampled.</summary>
    /// <exception cref="InvalidOperationException">The token is not allowed here.</exception>
    void Accept(int token);
}
