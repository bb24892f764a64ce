using RwkvX.AI.Models;

namespace RwkvX.AI.Generation;

/// <summary>One sequence's part of a pass that ends in a choice.</summary>
/// <param name="State">The state, advanced in place.</param>
/// <param name="Tokens">(T) token ids, T ≥ 1.</param>
/// <param name="Sampler">Chooses what follows the last of them.</param>
internal readonly record struct SampledItem(RwkvXState State, ReadOnlyMemory<int> Tokens, Sampler Sampler);
