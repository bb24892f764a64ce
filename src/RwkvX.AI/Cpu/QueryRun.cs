namespace RwkvX.AI.Cpu;

/// <summary>Consecutive tokens of a piece that lie in the same chunk: a unit of attention for each head.</summary>
/// <param name="Piece">Index of the piece in the block.</param>
/// <param name="Row">The first token's row in the block.</param>
/// <param name="Count">Tokens, 1 to <see cref="MaxCount"/>.</param>
/// <param name="Position">The first token's position in the sequence.</param>
internal readonly record struct QueryRun(int Piece, int Row, int Count, long Position)
{
    /// <summary>Tokens of a run at most: enough that those which chose the same chunk share its reading.</summary>
    public const int MaxCount = 64;
}
