using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Training.Cuda;

/// <summary>Launches kernels on libtorch's device and stream, each compiled with NVRTC at first use and kept.</summary>
internal sealed class CudaKernelLauncher : IKernelLauncher, IDisposable
{
    private readonly CudaDevice _device;
    private readonly KernelCompiler _compiler;
    private readonly CudaStream _stream = CudaStream.Legacy; // libtorch's default stream
    private readonly Dictionary<string, CudaKernel> _kernels = [];
    private readonly Lock _gate = new();

    /// <param name="ordinal">The device, 0 for the first.</param>
    /// <exception cref="CudaException">No driver, no such device, or a library is missing.</exception>
    public CudaKernelLauncher(int ordinal = 0)
    {
        _device = new CudaDevice(ordinal, null);
        _compiler = new KernelCompiler(_device.ComputeCapability, _device.DriverVersion, KernelCompiler.DefaultFolder, typeof(CudaKernelLauncher).Assembly);
    }

    public void Launch<TArgs>(string kernel, IReadOnlyList<string> defines, in TArgs args, int threads, int gridX, int gridY, int gridZ, int sharedBytes)
        where TArgs : unmanaged
    {
        lock (_gate)
        {
            _device.Use(); // the backward pass runs on a thread of libtorch's own
            string key = $"{kernel} {string.Join(' ', defines)}";
            if (!_kernels.TryGetValue(key, out CudaKernel? compiled))
                _kernels[key] = compiled = new CudaKernel(new CudaModule(_compiler.Compile(kernel, defines), kernel), kernel, threads, sharedBytes);
            compiled.Launch(_stream, args, gridX, gridY, gridZ);
        }
    }

    public void Dispose()
    {
        foreach (CudaKernel kernel in _kernels.Values) kernel.Dispose();
        _device.Dispose();
    }
}
