using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A kernel with its block size; its arguments are one struct, as in its source.</summary>
internal sealed unsafe class CudaKernel : IDisposable
{
    private readonly CudaModule _module;
    private readonly nint _function;
    private readonly string _name;
    private readonly int _threads;
    private readonly int _sharedBytes;

    /// <summary>Takes the module over.</summary>
    public CudaKernel(CudaModule module, string name, int threads, int sharedBytes = 0)
    {
        _module = module;
        _name = name;
        _threads = threads;
        _sharedBytes = sharedBytes;
        try
        {
            _function = Ready(module, name, sharedBytes);
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>Launches after everything before it on the stream.</summary>
    public void Launch<TArgs>(CudaStream stream, in TArgs args, int gridX, int gridY = 1, int gridZ = 1)
        where TArgs : unmanaged
        => Launch(stream, args, gridX, gridY, gridZ, overlap: false);

    /// <summary>Launches while the kernel before it still runs: only for kernels that wait for it themselves (<c>wait_for_previous</c>).</summary>
    public void LaunchOverlapped<TArgs>(CudaStream stream, in TArgs args, int gridX, int gridY = 1, int gridZ = 1)
        where TArgs : unmanaged
        => Launch(stream, args, gridX, gridY, gridZ, overlap: true);

    public void Dispose() => _module.Dispose();

    private static nint Ready(CudaModule module, string name, int sharedBytes)
    {
        nint function = module.Function(name);
        // A multiprocessor divides L1 and shared memory anew only when it is idle: kernels that shall overlap must all ask for the same division.
        CudaException.Check(CudaDriver.cuFuncSetAttribute(function, CudaDriver.FunctionAttributePreferredSharedCarveout, 100), "cuFuncSetAttribute", name);
        if (sharedBytes > 0)
            CudaException.Check(CudaDriver.cuFuncSetAttribute(function, CudaDriver.FunctionAttributeMaxDynamicSharedSize, sharedBytes), "cuFuncSetAttribute", name);
        return function;
    }

    private void Launch<TArgs>(CudaStream stream, TArgs args, int gridX, int gridY, int gridZ, bool overlap)
        where TArgs : unmanaged
    {
        var attribute = new CudaDriver.LaunchAttribute { Id = CudaDriver.LaunchAttributeProgrammaticStreamSerialization, Value = 1 };
        var config = new CudaDriver.LaunchConfig
        {
            GridX = (uint)gridX,
            GridY = (uint)gridY,
            GridZ = (uint)gridZ,
            BlockX = (uint)_threads,
            BlockY = 1,
            BlockZ = 1,
            SharedBytes = (uint)_sharedBytes,
            Stream = stream.DangerousGetHandle(),
            Attributes = overlap ? &attribute : null,
            AttributeCount = overlap ? 1u : 0u,
        };
        void* parameter = &args;
        CudaException.CheckLaunch(CudaDriver.cuLaunchKernelEx(&config, _function, &parameter, null), _name);
    }
}
