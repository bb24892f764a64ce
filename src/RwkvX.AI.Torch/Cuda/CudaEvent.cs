using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A mark on a stream, with its time.</summary>
internal sealed class CudaEvent : CudaHandle
{
    public CudaEvent()
    {
        CudaException.Check(CudaDriver.cuEventCreate(out nint handle, 0), "cuEventCreate");
        Take(handle);
    }

    public void Record(CudaStream stream) => CudaException.Check(CudaDriver.cuEventRecord(handle, stream.DangerousGetHandle()), "cuEventRecord");

    public void Synchronize() => CudaException.Check(CudaDriver.cuEventSynchronize(handle), "cuEventSynchronize");

    /// <summary>Milliseconds from an earlier mark to this one; both must have happened.</summary>
    public float MillisecondsSince(CudaEvent start)
    {
        CudaException.Check(CudaDriver.cuEventElapsedTime(out float milliseconds, start.handle, handle), "cuEventElapsedTime");
        return milliseconds;
    }

    protected override bool Release() => CudaDriver.cuEventDestroy(handle) == CudaDriver.Success;
}
