using Microsoft.Extensions.AI;

namespace RwkvX.AI.Chat;

/// <summary>How a turn ended.</summary>
/// <param name="FinishReason">Stop (end of text or a stop sequence) or Length.</param>
/// <param name="InputTokens">Tokens of the prompt, those of a stored conversation before it included.</param>
/// <param name="CachedTokens">Those of them that were not computed for this request.</param>
/// <param name="OutputTokens">Tokens sampled, those that ended the answer included.</param>
/// <param name="IsKept">Whether the next turn can go on from here: false where the cache has no room for the state.</param>
internal readonly record struct TurnResult(ChatFinishReason FinishReason, long InputTokens, long CachedTokens, int OutputTokens, bool IsKept)
{
    /// <summary>The same as the content of the last update.</summary>
    public UsageContent ToUsage() => new(new UsageDetails
    {
        InputTokenCount = InputTokens,
        CachedInputTokenCount = CachedTokens,
        OutputTokenCount = OutputTokens,
        TotalTokenCount = InputTokens + OutputTokens,
    });
}
