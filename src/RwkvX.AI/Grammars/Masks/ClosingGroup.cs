namespace RwkvX.AI.Grammars.Masks;

/// <summary>Tokens after which the same bytes close the frame.</summary>
/// <param name="Bytes">The closing.</param>
/// <param name="Extra">Tokens to add, where the closing cannot be known without the stack: names that must be new.</param>
/// <param name="Tokens">The tokens.</param>
internal sealed record ClosingGroup(byte[] Bytes, int Extra, TokenSet Tokens);
