using System.Diagnostics;
using System.Runtime.InteropServices;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>One CUDA device and its primary context.</summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    private readonly int _device;
    private readonly nint _context;
    private bool _disposed;

    /// <summary>Opens a device.</summary>
    /// <param name="ordinal">0 for the first.</param>
    /// <param name="libTorchPath">Where to find NVRTC and cuBLAS, or null.</param>
    /// <exception cref="CudaException">No driver, no such device, or a library is missing.</exception>
    public CudaDevice(int ordinal, string? libTorchPath)
    {
        long started = Stopwatch.GetTimestamp();
        CudaLibraries.Load(libTorchPath);
        LibraryTime = Stopwatch.GetElapsedTime(started);
        started = Stopwatch.GetTimestamp();
        CudaException.Check(CudaDriver.cuInit(0), "cuInit");
        CudaException.Check(CudaDriver.cuDeviceGetCount(out int count), "cuDeviceGetCount");
        if (ordinal < 0 || ordinal >= count)
            throw new CudaException("NO_SUCH_DEVICE", $"expected a device below {count}, got cuda:{ordinal}");
        CudaException.Check(CudaDriver.cuDeviceGet(out _device, ordinal), "cuDeviceGet");
        CudaException.Check(CudaDriver.cuDriverGetVersion(out int version), "cuDriverGetVersion");
        byte* name = stackalloc byte[256];
        CudaException.Check(CudaDriver.cuDeviceGetName(name, 256, _device), "cuDeviceGetName");
        (Ordinal, DriverVersion, Name) = (ordinal, version, Marshal.PtrToStringUTF8((nint)name) ?? "");
        MultiprocessorCount = Attribute(CudaDriver.AttributeMultiprocessorCount);
        ComputeCapability = Attribute(CudaDriver.AttributeComputeCapabilityMajor) * 10 + Attribute(CudaDriver.AttributeComputeCapabilityMinor);
        CudaException.Check(CudaDriver.cuDevicePrimaryCtxRetain(out _context, _device), "cuDevicePrimaryCtxRetain");
        try
        {
            Use();
            CudaException.Check(CudaDriver.cuCtxSetLimit(CudaDriver.LimitStackSize, 0), "cuCtxSetLimit"); // 0.27 GB less: no kernel needs a stack for every thread
            (long free, long total) = Memory();
            (BytesBefore, TotalBytes) = (total - free, total);
            DriverTime = Stopwatch.GetElapsedTime(started);
            HasRanges = TryRange();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Ordinal { get; }

    /// <summary>What loading the libraries took.</summary>
    public TimeSpan LibraryTime { get; }

    /// <summary>What starting the driver and the device's context took.</summary>
    public TimeSpan DriverTime { get; }

    public string Name { get; }

    /// <summary>All memory of the device.</summary>
    public long TotalBytes { get; }

    /// <summary>Bytes that were in use when the context was there and nothing else: the driver's, and other programs'.</summary>
    public long BytesBefore { get; }

    /// <summary>Whether memory can be put behind addresses piece by piece.</summary>
    public bool HasRanges { get; }

    public int MultiprocessorCount { get; }

    /// <summary>Ten times the major version plus the minor: 90 for Hopper.</summary>
    public int ComputeCapability { get; }

    /// <summary>The newest CUDA version that the driver knows, 13000 for 13.0.</summary>
    public int DriverVersion { get; }

    /// <summary>Makes the device's context the calling thread's: every entry from outside begins with this.</summary>
    public void Use() => CudaException.Check(CudaDriver.cuCtxSetCurrent(_context), "cuCtxSetCurrent");

    /// <summary>The same for who gives something back: false where the context is gone, and with it all that was taken from it.</summary>
    public bool TryUse() => CudaDriver.cuCtxSetCurrent(_context) == CudaDriver.Success;

    /// <summary>Bytes free and in all.</summary>
    public (long Free, long Total) Memory()
    {
        Use();
        CudaException.Check(CudaDriver.cuMemGetInfo(out nuint free, out nuint total), "cuMemGetInfo");
        return ((long)free, (long)total);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = CudaDriver.cuDevicePrimaryCtxRelease(_device);
    }

    // Some containers and virtual devices refuse; nothing but trying tells.
    private bool TryRange()
    {
        try
        {
            using DeviceRange range = new(this, 1, "trial");
            range.Grow(1);
            return true;
        }
        catch (CudaException)
        {
            return false;
        }
    }

    private int Attribute(int attribute)
    {
        CudaException.Check(CudaDriver.cuDeviceGetAttribute(out int value, attribute, _device), "cuDeviceGetAttribute");
        return value;
    }
}
