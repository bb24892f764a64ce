namespace RwkvX.AI.Torch.Passes;

/// <summary>One sequence of a decoding step.</summary>
/// <param name="Token">The token to consume.</param>
/// <param name="Position">Tokens consumed before it.</param>
/// <param name="State">Device address of the recurrent state.</param>
/// <param name="Table">Device address of the page table.</param>
internal readonly record struct StepLane(int Token, int Position, ulong State, ulong Table);
