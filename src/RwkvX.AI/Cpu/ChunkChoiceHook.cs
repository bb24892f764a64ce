namespace RwkvX.AI.Cpu;

/// <summary>Sees, and may overwrite, the past chunks that one head chose for one token. Called from all workers at once.</summary>
/// <param name="layer">The sparse layer.</param>
/// <param name="position">The token's position.</param>
/// <param name="head">The head.</param>
/// <param name="chunks">The chosen chunks, ascending; what stands here afterwards is read, in this order.</param>
internal delegate void ChunkChoiceHook(int layer, long position, int head, Span<int> chunks);
