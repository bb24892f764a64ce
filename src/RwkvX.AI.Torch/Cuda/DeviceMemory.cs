using System.Collections.Concurrent;
using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A plain allocation on the device. <see cref="AllocatedBytes"/> counts all that are alive, so that tests can see leaks.</summary>
internal sealed class DeviceMemory : CudaHandle
{
    private static readonly ConcurrentDictionary<string, long> Counts = [];

    private readonly CudaDevice _device;
    private readonly string _what;

    /// <exception cref="DeviceMemoryException">The device has not so much left.</exception>
    public DeviceMemory(CudaDevice device, long bytes, string what)
    {
        device.Use();
        (_device, _what) = (device, what);
        Bytes = Math.Max(bytes, 256);
        CudaException.CheckMemory(CudaDriver.cuMemAlloc(out ulong pointer, (nuint)Bytes), what, Bytes);
        Take((nint)pointer);
        Count(what, Bytes);
    }

    /// <summary>Bytes of all device memory that is allocated and not yet freed.</summary>
    public static long AllocatedBytes => Counts.Values.Sum();

    /// <summary>The same by what it is for.</summary>
    public static IReadOnlyList<(string What, long Bytes)> Kinds => [.. Counts.Where(kind => kind.Value > 0).OrderByDescending(kind => kind.Value).Select(kind => (kind.Key, kind.Value))];

    public long Bytes { get; }

    /// <summary>The device address.</summary>
    public ulong Address => (ulong)handle;

    /// <summary>Counts memory that was taken, or given back.</summary>
    internal static void Count(string what, long bytes) => Counts.AddOrUpdate(what, bytes, (_, before) => before + bytes);

    protected override bool Release()
    {
        Count(_what, -Bytes);
        return _device.TryUse() && CudaDriver.cuMemFree((ulong)handle) == CudaDriver.Success;
    }
}
