using System.Runtime.CompilerServices;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A non-blocking stream: copies and launches in order.</summary>
internal sealed unsafe class CudaStream : CudaHandle
{
    private const nint LegacyHandle = 1; // CU_STREAM_LEGACY: the handle 0 by another name, which counts as valid

    public CudaStream()
    {
        CudaException.Check(CudaDriver.cuStreamCreate(out nint stream, CudaDriver.StreamNonBlocking), "cuStreamCreate");
        Take(stream);
    }

    private CudaStream(nint stream)
        : base(owned: false) => SetHandle(stream);

    /// <summary>The device's default stream, on which libtorch works.</summary>
    public static CudaStream Legacy { get; } = new(LegacyHandle);

    /// <summary>Waits, whatever comes of it: before memory is given back that something on the stream may still use.</summary>
    public void Settle() => _ = CudaDriver.cuStreamSynchronize(handle);

    public void Synchronize() => CudaException.Check(CudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize");

    /// <summary>Copies to the device. From pageable memory the source is free again on return; from pinned memory, once the stream got there.</summary>
    public void Upload<T>(ReadOnlySpan<T> from, ulong to)
        where T : unmanaged
    {
        fixed (T* source = from)
            CudaException.Check(CudaDriver.cuMemcpyHtoDAsync(to, source, (nuint)from.Length * (nuint)Unsafe.SizeOf<T>(), handle), "cuMemcpyHtoDAsync");
    }

    public void Upload(void* from, ulong to, long bytes)
        => CudaException.Check(CudaDriver.cuMemcpyHtoDAsync(to, from, (nuint)bytes, handle), "cuMemcpyHtoDAsync");

    public void Download(ulong from, void* to, long bytes)
        => CudaException.Check(CudaDriver.cuMemcpyDtoHAsync(to, from, (nuint)bytes, handle), "cuMemcpyDtoHAsync");

    public void Copy(ulong from, ulong to, long bytes)
        => CudaException.Check(CudaDriver.cuMemcpyDtoDAsync(to, from, (nuint)bytes, handle), "cuMemcpyDtoDAsync");

    public void Clear(ulong at, long bytes)
        => CudaException.Check(CudaDriver.cuMemsetD8Async(at, 0, (nuint)bytes, handle), "cuMemsetD8Async");

    /// <summary>Records what an action puts on the stream instead of running it. No allocation may happen inside.</summary>
    public CudaGraph Capture(Action record)
    {
        CudaException.Check(CudaDriver.cuStreamBeginCapture(handle, CudaDriver.CaptureThreadLocal), "cuStreamBeginCapture");
        try
        {
            record();
        }
        catch
        {
            if (CudaDriver.cuStreamEndCapture(handle, out nint broken) == CudaDriver.Success && broken != 0)
                _ = CudaDriver.cuGraphDestroy(broken);
            throw;
        }
        CudaException.Check(CudaDriver.cuStreamEndCapture(handle, out nint graph), "cuStreamEndCapture");
        try
        {
            return new CudaGraph(graph, this);
        }
        finally
        {
            _ = CudaDriver.cuGraphDestroy(graph);
        }
    }

    public void Launch(CudaGraph graph) => CudaException.Check(CudaDriver.cuGraphLaunch(graph.DangerousGetHandle(), handle), "cuGraphLaunch");

    protected override bool Release() => CudaDriver.cuStreamDestroy(handle) == CudaDriver.Success;
}
