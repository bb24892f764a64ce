namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>One page in a page file.</summary>
/// <param name="Layer">Its sparse layer.</param>
/// <param name="Chunk">Its chunk: the page holds the tokens from Chunk·B on.</param>
/// <param name="Offset">Where its bytes start; 0 = removed.</param>
/// <param name="Length">Bytes stored: keys, then values.</param>
/// <param name="Crc">CRC-32C of them.</param>
internal readonly record struct PageSlot(int Layer, int Chunk, long Offset, int Length, uint Crc);
