using System.Text.Json.Serialization;

namespace RwkvX.AI.Checkpoints;

/// <summary>How a model wants to be sampled where the caller says nothing: <c>generation</c> of <c>config.json</c>. Null: no wish.</summary>
public sealed record GenerationDefaults
{
    /// <summary>Softmax temperature; 0 is greedy.</summary>
    [JsonPropertyName("temperature")]
    public float? Temperature { get; init; }

    /// <summary>Probability mass kept, in (0, 1].</summary>
    [JsonPropertyName("top_p")]
    public float? TopP { get; init; }

    /// <summary>Most likely tokens kept; 0 for all.</summary>
    [JsonPropertyName("top_k")]
    public int? TopK { get; init; }

    /// <summary>Least probability relative to the most likely token's, in [0, 1].</summary>
    [JsonPropertyName("min_p")]
    public float? MinP { get; init; }

    /// <summary>Tokens generated at most.</summary>
    [JsonPropertyName("max_tokens")]
    public int? MaxTokens { get; init; }

    /// <summary>Divisor of the positive logits of tokens seen, above 0; 1 for none.</summary>
    [JsonPropertyName("repetition_penalty")]
    public float? RepetitionPenalty { get; init; }

    /// <summary>Subtracted from the logits of tokens seen.</summary>
    [JsonPropertyName("presence_penalty")]
    public float? PresencePenalty { get; init; }

    /// <summary>Subtracted from the logits of tokens seen, once for each time.</summary>
    [JsonPropertyName("frequency_penalty")]
    public float? FrequencyPenalty { get; init; }

    /// <summary>What each count of tokens seen is multiplied by at every step, in [0, 1]; 1 for none.</summary>
    [JsonPropertyName("penalty_decay")]
    public float? PenaltyDecay { get; init; }

    /// <summary>Refuses what no sampler can follow.</summary>
    internal void Validate(string path)
    {
        Check(path, "temperature", Temperature, "a number from 0 up", static t => t >= 0);
        Check(path, "top_p", TopP, "a number above 0, up to 1", static p => p is > 0 and <= 1);
        Check(path, "top_k", TopK, "an integer from 0 up", static k => k >= 0);
        Check(path, "min_p", MinP, "a number from 0 to 1", static p => p is >= 0 and <= 1);
        Check(path, "max_tokens", MaxTokens, "an integer from 1 up", static n => n >= 1);
        Check(path, "repetition_penalty", RepetitionPenalty, "a number above 0", static p => p > 0);
        Check(path, "presence_penalty", PresencePenalty, "a number", static _ => true);
        Check(path, "frequency_penalty", FrequencyPenalty, "a number", static _ => true);
        Check(path, "penalty_decay", PenaltyDecay, "a number from 0 to 1", static d => d is >= 0 and <= 1);
    }

    private static void Check(string path, string field, float? value, string expected, Func<float, bool> fits)
    {
        if (value is { } v && !(float.IsFinite(v) && fits(v)))
            throw new CheckpointException(path, $"generation.{field}", expected, FormattableString.Invariant($"{v}"));
    }
}
