namespace RwkvX.AI.Models;

/// <summary>One sequence's part of a forward pass: tokens to run over a state, and where its logits go.</summary>
/// <param name="State">The state, advanced in place by all of <paramref name="Tokens"/>. No two items of a batch may share one.</param>
/// <param name="Tokens">(T) token ids, T ≥ 1, each in [0, V).</param>
/// <param name="Logits">
/// Where logits are written, row-major. Its length says which are wanted: 0 for none, V for those after the last token,
/// T·V for those after each token.
/// </param>
public readonly record struct ForwardItem(RwkvXState State, ReadOnlyMemory<int> Tokens, Memory<float> Logits);
