using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A plain allocation on the device. <see cref="AllocatedBytes"/> counts all that are alive, so that tests can see leaks.</summary>
internal sealed class DeviceMemory : CudaHandle
{
    private static long _allocated;

    private readonly CudaDevice _device;

    /// <exception cref="DeviceMemoryException">The device has not so much left.</exception>
    public DeviceMemory(CudaDevice device, long bytes, string what)
    {
        device.Use();
        _device = device;
        Bytes = Math.Max(bytes, 256);
        CudaException.Check(CudaDriver.cuMemAlloc(out ulong pointer, (nuint)Bytes), $"{what}: {Bytes} bytes");
        SetHandle((nint)pointer);
        Interlocked.Add(ref _allocated, Bytes);
    }

    /// <summary>Bytes of all device memory that is allocated and not yet freed.</summary>
    public static long AllocatedBytes => Interlocked.Read(ref _allocated);

    public long Bytes { get; }

    /// <summary>The device address.</summary>
    public ulong Address => (ulong)handle;

    protected override bool ReleaseHandle()
    {
        Interlocked.Add(ref _allocated, -Bytes);
        _device.Use();
        return CudaDriver.cuMemFree((ulong)handle) == CudaDriver.Success;
    }
}
