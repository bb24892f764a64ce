using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>Page-locked host memory, which the device copies from and to without a detour.</summary>
internal sealed unsafe class PinnedMemory : CudaHandle
{
    public PinnedMemory(long bytes)
    {
        Bytes = Math.Max(bytes, 256);
        CudaException.Check(CudaDriver.cuMemHostAlloc(out nint pointer, (nuint)Bytes, 0), "cuMemHostAlloc");
        SetHandle(pointer);
    }

    public long Bytes { get; }

    public byte* Pointer => (byte*)handle;

    public Span<T> Span<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (long)count * sizeof(T), Bytes);
        return new Span<T>(Pointer + offset, count);
    }

    protected override bool ReleaseHandle() => CudaDriver.cuMemFreeHost(handle) == CudaDriver.Success;
}
