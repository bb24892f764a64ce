namespace RwkvX.AI.Memory;

/// <summary>How far the reading of a text is.</summary>
/// <param name="Tokens">Tokens run so far in this call.</param>
/// <param name="TotalTokens">Tokens of this call as far as they are known: of a long stream, those of the parts read so far.</param>
public readonly record struct AppendProgress(long Tokens, long TotalTokens);
