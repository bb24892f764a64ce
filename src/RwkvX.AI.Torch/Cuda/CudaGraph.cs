using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A captured sequence of launches and copies, ready to replay. Its buffers must outlive it.</summary>
internal sealed class CudaGraph : CudaHandle
{
    public CudaGraph(nint graph)
    {
        CudaException.Check(CudaDriver.cuGraphInstantiateWithFlags(out nint executable, graph, 0), "cuGraphInstantiateWithFlags");
        SetHandle(executable);
    }

    protected override bool ReleaseHandle() => CudaDriver.cuGraphExecDestroy(handle) == CudaDriver.Success;
}
