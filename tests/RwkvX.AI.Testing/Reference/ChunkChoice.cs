namespace RwkvX.AI.Testing.Reference;

/// <summary>One choice of past chunks made by one head for one token.</summary>
/// <param name="Layer">The sparse layer.</param>
/// <param name="Position">The token's position.</param>
/// <param name="Head">The head.</param>
/// <param name="Scores">q·mean of every full past chunk.</param>
/// <param name="Chunks">The chosen chunks, ascending.</param>
public sealed record ChunkChoice(int Layer, int Position, int Head, double[] Scores, int[] Chunks);
