namespace RwkvX.AI.Cpu;

/// <summary>Consecutive tokens of one sequence within a block.</summary>
/// <param name="State">The sequence's state.</param>
/// <param name="Row">The first token's row in the block.</param>
/// <param name="Count">Tokens, ≥ 1.</param>
/// <param name="Position">The first token's position in the sequence.</param>
internal readonly record struct Piece(CpuState State, int Row, int Count, long Position);
