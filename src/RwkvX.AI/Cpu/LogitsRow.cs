namespace RwkvX.AI.Cpu;

/// <summary>A row of a block whose logits are wanted.</summary>
/// <param name="Row">The row.</param>
/// <param name="Destination">(V) where they go.</param>
internal readonly record struct LogitsRow(int Row, Memory<float> Destination);
