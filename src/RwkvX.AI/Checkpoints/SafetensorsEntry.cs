namespace RwkvX.AI.Checkpoints;

/// <summary>One tensor of a safetensors header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Begin">Offset of its first byte from the end of the header.</param>
/// <param name="End">Offset behind its last byte; the distance is what type and shape need.</param>
internal readonly record struct SafetensorsEntry(string Name, TensorType Type, int[] Shape, long Begin, long End);
