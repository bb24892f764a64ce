namespace RwkvX.AI.Models;

/// <summary>One chunk of keys and values of one sparse layer.</summary>
/// <param name="Layer">The sparse layer, from 0.</param>
/// <param name="Chunk">The chunk, from 0: it holds the tokens from Chunk·B on.</param>
public readonly record struct PageId(int Layer, int Chunk);
