using Microsoft.Extensions.AI;

namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>Tokens read and written.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens sampled.</param>
/// <param name="TotalTokens">Both.</param>
/// <param name="PromptTokensDetails">How many of the prompt were known already.</param>
/// <param name="CompletionTokensDetails">How many of the answer were thoughts.</param>
internal sealed record ChatUsage(
    long PromptTokens, long CompletionTokens, long TotalTokens, PromptTokenDetails PromptTokensDetails, CompletionTokenDetails CompletionTokensDetails)
{
    /// <summary>The same as the client told it; zeros where it told nothing.</summary>
    public static ChatUsage Of(UsageDetails? usage)
    {
        long input = usage?.InputTokenCount ?? 0, output = usage?.OutputTokenCount ?? 0;
        return new ChatUsage(
            input,
            output,
            usage?.TotalTokenCount ?? input + output,
            new PromptTokenDetails(usage?.CachedInputTokenCount ?? 0),
            new CompletionTokenDetails(usage?.ReasoningTokenCount ?? 0));
    }
}
