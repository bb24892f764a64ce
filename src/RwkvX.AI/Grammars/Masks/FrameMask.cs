namespace RwkvX.AI.Grammars.Masks;

/// <summary>
/// What may come next at one state, as far as the state's own frame can tell: computed once and shared by all stacks below it.
/// </summary>
/// <param name="Allowed">Tokens that stay inside the frame, or end with it.</param>
/// <param name="Exits">Tokens that leave the frame, under the bytes that come after its end; null where there are none.</param>
/// <param name="Uncertain">Tokens that only the whole stack can judge, under all their bytes; null where there are none.</param>
/// <param name="Cost">Bytes that close the frame after the worst allowed token, at most.</param>
internal sealed record FrameMask(TokenSet Allowed, TokenTrie? Exits, TokenTrie? Uncertain, int Cost);
