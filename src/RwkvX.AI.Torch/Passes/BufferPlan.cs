using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Lays several buffers into one allocation: plan them all, allocate once, then ask for addresses.</summary>
internal sealed class BufferPlan
{
    private const long Alignment = 256;

    /// <summary>Bytes planned so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Room for a buffer; returns its offset.</summary>
    public long Add(long bytes)
    {
        long offset = Bytes;
        Bytes += (bytes + Alignment - 1) / Alignment * Alignment;
        return offset;
    }

    /// <summary>Room for (count) f32.</summary>
    public long Floats(long count) => Add(count * sizeof(float));

    public DeviceMemory Allocate(CudaDevice device, string what) => new(device, Bytes, what);
}
