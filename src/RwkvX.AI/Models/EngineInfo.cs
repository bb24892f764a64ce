namespace RwkvX.AI.Models;

/// <summary>Which engine runs a model, and how.</summary>
/// <param name="Name">The engine: <c>cpu</c> or <c>torch</c>.</param>
/// <param name="Device">The device: <c>cpu</c>, <c>cuda:0</c>, …</param>
/// <param name="Precision">The form of weights and arithmetic.</param>
/// <param name="WeightBytes">Bytes of weights that a decoding step reads once (the head included, the embedding table not).</param>
/// <param name="Description">One line for people: instruction set and threads, or the card's name.</param>
public sealed record EngineInfo(string Name, string Device, Precision Precision, long WeightBytes, string Description)
{
    /// <summary>The form of the matrices of recurrent states between passes.</summary>
    public Precision StatePrecision { get; init; } = Precision.F32;

    /// <summary>Tokens of a prompt that the engine likes in one pass: enough for its matrix products, few enough to share it.</summary>
    public int PrefillSpan { get; init; } = 256;

    /// <summary>Bytes that the device has for states beside the weights; null where states lie in the process's own memory.</summary>
    public long? DeviceStateBytes { get; init; }

    /// <summary>Whether states can do without pages: <see cref="RwkvXState.DropPages"/>, and snapshots that lack some.</summary>
    public bool CanDropPages { get; init; }

    /// <summary>Whether memory is freed only where all sparse layers do without a chunk, because a page holds all of them.</summary>
    public bool DropsWholeChunks { get; init; }
}
