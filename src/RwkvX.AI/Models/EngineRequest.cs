namespace RwkvX.AI.Models;

/// <summary>What an engine is asked for.</summary>
public sealed record EngineRequest
{
    /// <summary>The engine: <c>auto</c>, <c>cpu</c> (the managed one) or <c>torch</c>.</summary>
    public string Engine { get; init; } = "auto";

    /// <summary>The device: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>, …</summary>
    public string Device { get; init; } = "auto";

    /// <summary>The form of the weights; null for the engine's own choice: as stored on the CPU, 16 bits on a GPU.</summary>
    public Precision? Precision { get; init; }

    /// <summary>The form of the matrices of recurrent states between passes, F32 or F16; other than F32 on a CUDA device alone.</summary>
    public Precision StatePrecision { get; init; } = Models.Precision.F32;

    /// <summary>Threads of the managed engine; 0 for one a core.</summary>
    public int Threads { get; init; }

    /// <summary>Bytes of memory for pages of the managed engine; null for no bound.</summary>
    public long? PageMemoryBytes { get; init; }

    /// <summary>The folder of the managed engine's page file; null for the folder of temporary files.</summary>
    public string? PageFolder { get; init; }

    /// <summary>The <c>torch/lib</c> folder of an existing install; null for the variable RWKVX_LIBTORCH, or the application's own package.</summary>
    public string? LibTorchPath { get; init; }

    /// <summary>The most device memory that pages of keys and values may take, in bytes; null for what the device has.</summary>
    public long? DevicePageBytes { get; init; }

    /// <summary>Whether an engine for which that is work should count which chunks heads choose, for a retention policy.</summary>
    public bool CountLooks { get; init; }
}
