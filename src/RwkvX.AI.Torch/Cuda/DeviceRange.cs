using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A range of device addresses, reserved at once and backed by memory as far as it has grown.</summary>
/// <remarks>
/// A plain allocation is rounded up to 2 MiB, and every page of keys and values and most matrices end just behind such a border; in here only the end of all is rounded.
/// </remarks>
internal sealed unsafe class DeviceRange : IDisposable
{
    private const long Step = 16 << 20;

    private readonly CudaDevice _device;
    private readonly string _what;
    private readonly long _reserved;
    private readonly long _granule;
    private readonly CudaDriver.AllocationProperties _properties;
    private bool _disposed;

    /// <param name="device">The device.</param>
    /// <param name="most">Bytes that it may grow to; addresses cost nothing.</param>
    /// <param name="what">What it is for, in errors and in <see cref="DeviceMemory.Kinds"/>.</param>
    public DeviceRange(CudaDevice device, long most, string what)
    {
        (_device, _what) = (device, what);
        device.Use();
        _properties = new() { Type = CudaDriver.AllocationPinned, Location = new() { Type = CudaDriver.LocationDevice, Id = device.Ordinal } };
        nuint granule;
        fixed (CudaDriver.AllocationProperties* properties = &_properties)
            CudaException.Check(CudaDriver.cuMemGetAllocationGranularity(out granule, properties, CudaDriver.GranularityMinimum), "cuMemGetAllocationGranularity");
        _granule = (long)granule;
        _reserved = Rounded(Math.Max(most, Step));
        CudaException.Check(CudaDriver.cuMemAddressReserve(out ulong address, (nuint)_reserved, 0, 0, 0), $"{what}: addresses for {_reserved} bytes");
        Address = address;
    }

    /// <summary>The device address of its first byte.</summary>
    public ulong Address { get; }

    /// <summary>Bytes that are backed by memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>Backs at least so many bytes.</summary>
    /// <exception cref="DeviceMemoryException">The device has not so much left; the range is as before.</exception>
    public void Grow(long bytes)
    {
        if (bytes <= Bytes)
            return;
        _device.Use();
        long more = Math.Min(Math.Max(Rounded(bytes - Bytes), Step), _reserved - Bytes);
        if (Bytes + more < bytes)
            throw new DeviceMemoryException("BUDGET", $"{_what}: {bytes} bytes of {_reserved}");
        ulong handle;
        fixed (CudaDriver.AllocationProperties* properties = &_properties)
            CudaException.Check(CudaDriver.cuMemCreate(out handle, (nuint)more, properties, 0), $"{_what}: {more} bytes");
        ulong at = Address + (ulong)Bytes;
        int mapped = CudaDriver.cuMemMap(at, (nuint)more, 0, handle, 0);
        _ = CudaDriver.cuMemRelease(handle); // from here on the mapping holds the memory
        CudaException.Check(mapped, "cuMemMap");
        CudaDriver.AccessDescription access = new() { Location = _properties.Location, Flags = CudaDriver.AccessReadWrite };
        int allowed = CudaDriver.cuMemSetAccess(at, (nuint)more, &access, 1);
        if (allowed != CudaDriver.Success)
            _ = CudaDriver.cuMemUnmap(at, (nuint)more);
        CudaException.Check(allowed, "cuMemSetAccess");
        Bytes += more;
        DeviceMemory.Count(_what, more);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _device.Use();
        if (Bytes > 0)
            _ = CudaDriver.cuMemUnmap(Address, (nuint)Bytes); // a failure here leaves no way but to leak
        _ = CudaDriver.cuMemAddressFree(Address, (nuint)_reserved);
        DeviceMemory.Count(_what, -Bytes);
    }

    private long Rounded(long bytes) => (bytes + _granule - 1) / _granule * _granule;
}
