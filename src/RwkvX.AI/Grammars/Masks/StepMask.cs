namespace RwkvX.AI.Grammars.Masks;

/// <summary>What may follow a configuration.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="Cost">Bytes that close the text after the worst of the tokens, at most: with more tokens left than this, nothing need be counted.</param>
internal sealed record StepMask(TokenSet Tokens, int Cost);
