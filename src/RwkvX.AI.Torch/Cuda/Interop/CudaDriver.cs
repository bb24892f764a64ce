using System.Runtime.InteropServices;

namespace RwkvX.AI.Torch.Cuda.Interop;

/// <summary>The CUDA driver API, as far as it is used. Every result goes through <see cref="CudaException.Check(int, string)"/>.</summary>
internal static unsafe partial class CudaDriver
{
    public const string Library = "cuda";

    public const int Success = 0;
    public const int OutOfMemory = 2;

    public const int AttributeMultiprocessorCount = 16;
    public const int AttributeComputeCapabilityMajor = 75;
    public const int AttributeComputeCapabilityMinor = 76;
    public const int LimitStackSize = 0;
    public const int AllocationPinned = 1;
    public const int LocationDevice = 1;
    public const int GranularityMinimum = 0;
    public const int AccessReadWrite = 3;
    public const int FunctionAttributeMaxDynamicSharedSize = 8;
    public const int FunctionAttributePreferredSharedCarveout = 9;
    public const int LaunchAttributeProgrammaticStreamSerialization = 6;
    public const uint StreamNonBlocking = 1;
    public const int CaptureThreadLocal = 1;

    [LibraryImport(Library)] public static partial int cuInit(uint flags);
    [LibraryImport(Library)] public static partial int cuDriverGetVersion(out int version);
    [LibraryImport(Library)] public static partial int cuGetErrorName(int error, out byte* text);
    [LibraryImport(Library)] public static partial int cuGetErrorString(int error, out byte* text);

    [LibraryImport(Library)] public static partial int cuDeviceGetCount(out int count);
    [LibraryImport(Library)] public static partial int cuDeviceGet(out int device, int ordinal);
    [LibraryImport(Library)] public static partial int cuDeviceGetName(byte* name, int length, int device);
    [LibraryImport(Library)] public static partial int cuDeviceGetAttribute(out int value, int attribute, int device);
    [LibraryImport(Library)] public static partial int cuDevicePrimaryCtxRetain(out nint context, int device);
    [LibraryImport(Library, EntryPoint = "cuDevicePrimaryCtxRelease_v2")] public static partial int cuDevicePrimaryCtxRelease(int device);
    [LibraryImport(Library)] public static partial int cuCtxSetCurrent(nint context);
    [LibraryImport(Library)] public static partial int cuCtxSetLimit(int limit, nuint value);

    [LibraryImport(Library, EntryPoint = "cuMemGetInfo_v2")] public static partial int cuMemGetInfo(out nuint free, out nuint total);
    [LibraryImport(Library, EntryPoint = "cuMemAlloc_v2")] public static partial int cuMemAlloc(out ulong pointer, nuint bytes);
    [LibraryImport(Library)] public static partial int cuMemGetAllocationGranularity(out nuint bytes, AllocationProperties* properties, int option);
    [LibraryImport(Library)] public static partial int cuMemAddressReserve(out ulong pointer, nuint bytes, nuint alignment, ulong wanted, ulong flags);
    [LibraryImport(Library)] public static partial int cuMemAddressFree(ulong pointer, nuint bytes);
    [LibraryImport(Library)] public static partial int cuMemCreate(out ulong handle, nuint bytes, AllocationProperties* properties, ulong flags);
    [LibraryImport(Library)] public static partial int cuMemRelease(ulong handle);
    [LibraryImport(Library)] public static partial int cuMemMap(ulong pointer, nuint bytes, nuint offset, ulong handle, ulong flags);
    [LibraryImport(Library)] public static partial int cuMemUnmap(ulong pointer, nuint bytes);
    [LibraryImport(Library)] public static partial int cuMemSetAccess(ulong pointer, nuint bytes, AccessDescription* access, nuint count);
    [LibraryImport(Library, EntryPoint = "cuMemFree_v2")] public static partial int cuMemFree(ulong pointer);
    [LibraryImport(Library)] public static partial int cuMemHostAlloc(out nint pointer, nuint bytes, uint flags);
    [LibraryImport(Library)] public static partial int cuMemFreeHost(nint pointer);
    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoDAsync_v2")] public static partial int cuMemcpyHtoDAsync(ulong to, void* from, nuint bytes, nint stream);
    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoHAsync_v2")] public static partial int cuMemcpyDtoHAsync(void* to, ulong from, nuint bytes, nint stream);
    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")] public static partial int cuMemcpyDtoDAsync(ulong to, ulong from, nuint bytes, nint stream);
    [LibraryImport(Library)] public static partial int cuMemsetD8Async(ulong to, byte value, nuint bytes, nint stream);

    [LibraryImport(Library)] public static partial int cuStreamCreate(out nint stream, uint flags);
    [LibraryImport(Library, EntryPoint = "cuStreamDestroy_v2")] public static partial int cuStreamDestroy(nint stream);
    [LibraryImport(Library)] public static partial int cuStreamSynchronize(nint stream);
    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")] public static partial int cuStreamBeginCapture(nint stream, int mode);
    [LibraryImport(Library)] public static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)] public static partial int cuEventCreate(out nint evt, uint flags);
    [LibraryImport(Library, EntryPoint = "cuEventDestroy_v2")] public static partial int cuEventDestroy(nint evt);
    [LibraryImport(Library)] public static partial int cuEventRecord(nint evt, nint stream);
    [LibraryImport(Library)] public static partial int cuEventSynchronize(nint evt);
    [LibraryImport(Library)] public static partial int cuEventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library)] public static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);
    [LibraryImport(Library)] public static partial int cuGraphUpload(nint executable, nint stream);
    [LibraryImport(Library)] public static partial int cuGraphLaunch(nint executable, nint stream);
    [LibraryImport(Library)] public static partial int cuGraphDestroy(nint graph);
    [LibraryImport(Library)] public static partial int cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)] public static partial int cuModuleLoadData(out nint module, void* image);
    [LibraryImport(Library)] public static partial int cuModuleUnload(nint module);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] public static partial int cuModuleGetFunction(out nint function, nint module, string name);
    [LibraryImport(Library)] public static partial int cuFuncSetAttribute(nint function, int attribute, int value);
    [LibraryImport(Library)] public static partial int cuLaunchKernelEx(LaunchConfig* config, nint function, void** parameters, void** extra);

    /// <summary>CUmemLocation.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MemoryLocation
    {
        public int Type, Id;
    }

    /// <summary>CUmemAllocationProp.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    public struct AllocationProperties
    {
        public int Type, HandleTypes;
        public MemoryLocation Location;
    }

    /// <summary>CUmemAccessDesc.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct AccessDescription
    {
        public MemoryLocation Location;
        public int Flags;
    }

    /// <summary>CUlaunchConfig.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LaunchConfig
    {
        public uint GridX, GridY, GridZ, BlockX, BlockY, BlockZ, SharedBytes;
        public nint Stream;
        public LaunchAttribute* Attributes;
        public uint AttributeCount;
    }

    /// <summary>CUlaunchAttribute: an id and a union of 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    public struct LaunchAttribute
    {
        [FieldOffset(0)] public int Id;
        [FieldOffset(8)] public int Value;
    }
}
