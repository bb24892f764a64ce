using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Page-locked host memory, which the device copies from and to without a detour.</summary>
internal sealed unsafe class PinnedMemory : CudaHandle
{
    /// <exception cref="DeviceMemoryException">The host has not so much that can be locked.</exception>
    public PinnedMemory(long bytes)
    {
        Bytes = Math.Max(bytes, 256);
        CudaException.CheckMemory(CudaDriver.cuMemHostAlloc(out nint pointer, (nuint)Bytes, 0), "page-locked memory of the host", Bytes);
        Take(pointer);
    }

    public long Bytes { get; }

    public byte* Pointer => (byte*)handle;

    public Span<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (long)count * sizeof(T), Bytes);
        return new Span<T>(Pointer + offset, count);
    }

    protected override bool Release() => CudaDriver.cuMemFreeHost(handle) == CudaDriver.Success;
}
