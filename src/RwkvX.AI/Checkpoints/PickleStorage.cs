namespace RwkvX.AI.Checkpoints;

/// <summary>A storage that a pickle refers to.</summary>
/// <param name="Type">The element type.</param>
/// <param name="Key">The name of its file under <c>data/</c>.</param>
/// <param name="Count">Its elements, from 0 up.</param>
internal sealed record PickleStorage(TensorType Type, string Key, long Count);
