using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A compiled source on the device.</summary>
internal sealed unsafe class CudaModule : CudaHandle
{
    public CudaModule(ReadOnlySpan<byte> image, string kernel)
    {
        fixed (byte* data = image)
        {
            CudaException.Check(CudaDriver.cuModuleLoadData(out nint module, data), "cuModuleLoadData", kernel);
            Take(module);
        }
    }

    public nint Function(string name)
    {
        CudaException.Check(CudaDriver.cuModuleGetFunction(out nint function, handle, name), "cuModuleGetFunction", name);
        return function;
    }

    protected override bool Release() => CudaDriver.cuModuleUnload(handle) == CudaDriver.Success;
}
