namespace RwkvX.AI.Models;

/// <summary>How far an import is.</summary>
/// <param name="Tensor">The tensor just written.</param>
/// <param name="BytesDone">Bytes of tensors written.</param>
/// <param name="BytesTotal">Bytes of tensors to write.</param>
public readonly record struct ModelImportProgress(string Tensor, long BytesDone, long BytesTotal);
