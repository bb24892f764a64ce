namespace RwkvX.AI.Checkpoints;

/// <summary>One file of a zip archive.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="IsDeflated">Deflated rather than stored.</param>
/// <param name="HeaderOffset">Where its local header starts.</param>
/// <param name="DataOffset">Where its bytes start.</param>
/// <param name="PackedSize">Its bytes in the archive.</param>
/// <param name="Size">Its bytes unpacked.</param>
internal sealed record ZipEntry(string Name, bool IsDeflated, long HeaderOffset, long DataOffset, long PackedSize, long Size);
