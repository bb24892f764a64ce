namespace RwkvX.AI.Generation;

/// <summary>How the next token is chosen from the model's logits.</summary>
/// <remarks>
/// The order is fixed: banned tokens, repetition penalty, presence and frequency penalties, then (temperature 0) the highest logit, or
/// temperature, top-k, min-p, top-p, and one draw. Each filter works on what the one before it left.
/// </remarks>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the highest logit (the lowest id among equals). From 0 to 100.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keeps the most probable tokens that together reach this share of the probability; 1 keeps all, 0 only the first. From 0 to 1.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Keeps this many of the most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Drops tokens less probable than this share of the most probable one's probability; 0 drops none. From 0 to 1.</summary>
    public float MinP { get; init; }

    /// <summary>Subtracted from the logit of every token generated before. From -100 to 100; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit once for each time it was generated before. From -100 to 100; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides the positive and multiplies the negative logits of tokens generated before. Above 0, at most 100; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>
    /// How the count behind <see cref="FrequencyPenalty"/> fades: multiplied by this after each token. RWKV's usual value is 0.996;
    /// 1 never forgets, 0 counts the last token only. From 0 to 1.
    /// </summary>
    public float PenaltyDecay { get; init; } = 1f;

    /// <summary>Makes the draws repeatable: the same seed, options and logits give the same tokens on the same machine. Null draws a seed.</summary>
    public long? Seed { get; init; }

    /// <summary>Token ids that are never chosen.</summary>
    public IReadOnlyList<int> BannedTokens { get; init; } = [];

    /// <summary>Whether any penalty is on.</summary>
    internal bool HasPenalties => PresencePenalty != 0 || FrequencyPenalty != 0 || RepetitionPenalty != 1;

    /// <summary>Checks every value.</summary>
    /// <param name="vocabSize">V; banned tokens lie in [0, V) and leave at least one other.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range; the message names option, range and value.</exception>
    public void Validate(int vocabSize)
    {
        Check(Temperature, 0, 100, nameof(Temperature));
        Check(TopP, 0, 1, nameof(TopP));
        Check(TopK, 0, int.MaxValue, nameof(TopK));
        Check(MinP, 0, 1, nameof(MinP));
        Check(PresencePenalty, -100, 100, nameof(PresencePenalty));
        Check(FrequencyPenalty, -100, 100, nameof(FrequencyPenalty));
        Check(RepetitionPenalty, float.Epsilon, 100, nameof(RepetitionPenalty));
        Check(PenaltyDecay, 0, 1, nameof(PenaltyDecay));
        foreach (int token in BannedTokens ?? [])
        {
            Check(token, 0, vocabSize - 1, nameof(BannedTokens));
        }
    }

    // Written so that NaN fails.
    private static void Check(float value, float least, float most, string name)
    {
        if (!(value >= least && value <= most))
        {
            string low = least == float.Epsilon ? "a value above 0" : FormattableString.Invariant($"{least}");
            throw new ArgumentOutOfRangeException(name, FormattableString.Invariant($"{name}: expected {low} to {most}, found {value}"));
        }
    }
}
