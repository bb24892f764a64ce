namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>Details of a prompt.</summary>
/// <param name="CachedTokens">Tokens that were not computed again.</param>
internal sealed record PromptTokenDetails(long CachedTokens);
