using Microsoft.Extensions.AI;

/// <summary>An answer, and what it took.</summary>
internal sealed record Turn(ChatResponse Response, TimeSpan UntilFirstText, TimeSpan Total)
{
    private UsageDetails Usage => Response.Usage ?? new UsageDetails();

    /// <summary>Tokens of the conversation that were computed for this turn before the first word.</summary>
    public long Read => (Usage.InputTokenCount ?? 0) - Known;

    /// <summary>Tokens that a kept state had consumed already.</summary>
    public long Known => Usage.CachedInputTokenCount ?? 0;

    public long Written => Usage.OutputTokenCount ?? 0;

    /// <summary>Tokens that the conversation holds after this turn.</summary>
    public long Remembered => Usage.TotalTokenCount ?? 0;
}
