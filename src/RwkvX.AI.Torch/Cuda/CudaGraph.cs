using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A captured sequence of launches and copies, ready to replay. Its buffers must outlive it.</summary>
internal sealed class CudaGraph : CudaHandle
{
    /// <param name="graph">What was captured.</param>
    /// <param name="stream">Where it will be launched: what it needs on the device is taken now, not at the first launch.</param>
    /// <exception cref="DeviceMemoryException">The device has not so much left.</exception>
    public CudaGraph(nint graph, CudaStream stream)
    {
        CudaException.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0), "cuGraphInstantiateWithFlags");
        Take(executable);
        try
        {
            CudaException.Check(CudaDriver.cuGraphUpload(executable, stream.DangerousGetHandle()), "cuGraphUpload");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override bool Release() => CudaDriver.cuGraphExecDestroy(handle) == CudaDriver.Success;
}
