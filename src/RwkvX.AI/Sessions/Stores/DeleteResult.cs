namespace RwkvX.AI.Sessions.Stores;

/// <summary>What a deletion did.</summary>
/// <param name="BytesRemoved">Bytes that nobody else referred to: removed.</param>
/// <param name="BytesShared">Bytes that stay because other conversations refer to them.</param>
/// <param name="BytesPending">Bytes that the file system holds on to (a file in use); the next collection removes them.</param>
public sealed record DeleteResult(long BytesRemoved, long BytesShared, long BytesPending);
