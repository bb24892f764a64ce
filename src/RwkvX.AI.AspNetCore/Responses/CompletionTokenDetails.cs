namespace RwkvX.AI.AspNetCore.Responses;

/// <summary>Details of an answer.</summary>
/// <param name="ReasoningTokens">Tokens of thoughts.</param>
internal sealed record CompletionTokenDetails(long ReasoningTokens);
