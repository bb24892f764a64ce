using RwkvX.AI.Torch.Cuda.Interop;

namespace RwkvX.AI.Torch.Cuda;

/// <summary>A range of device addresses, reserved at once and backed by memory as far as it has grown.</summary>
/// <remarks>
/// A plain allocation is rounded up to 2 MiB, and every page of keys and values and most matrices end just behind such a border; in here only the end of all is rounded.
/// </remarks>
internal sealed unsafe class DeviceRange : CudaHandle
{
    private const long Step = 16 << 20;

    private readonly CudaDevice _device;
    private readonly string _what;
    private readonly long _reserved;
    private readonly long _granule;
    private readonly CudaDriver.AllocationProperties _properties;

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
        CudaException.CheckMemory(CudaDriver.cuMemAddressReserve(out ulong address, (nuint)_reserved, 0, 0, 0), $"addresses of {what}", _reserved);
        Take((nint)address);
    }

    /// <summary>The device address of its first byte.</summary>
    public ulong Address => (ulong)handle;

    /// <summary>Bytes that are backed by memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>Backs at least so many bytes.</summary>
    /// <exception cref="DeviceMemoryException">The device has not so much left; the range is as before.</exception>
    public void Grow(long bytes)
    {
        if (bytes <= Bytes)
            return;
        _device.Use();
        long least = Rounded(bytes - Bytes), more = Math.Min(Math.Max(least, Step), _reserved - Bytes);
        if (Bytes + more < bytes)
            throw DeviceMemoryException.OfBudget(_what, bytes, _reserved);
        Taking?.Invoke();
        ulong memory;
        fixed (CudaDriver.AllocationProperties* properties = &_properties)
        {
            int created = CudaDriver.cuMemCreate(out memory, (nuint)more, properties, 0);
            if (created == CudaDriver.OutOfMemory && more > least)
                created = CudaDriver.cuMemCreate(out memory, (nuint)(more = least), properties, 0);
            CudaException.CheckMemory(created, _what, more);
        }
        ulong at = Address + (ulong)Bytes;
        int mapped = CudaDriver.cuMemMap(at, (nuint)more, 0, memory, 0);
        _ = CudaDriver.cuMemRelease(memory); // from here on the mapping holds the memory
        CudaException.CheckMemory(mapped, _what, more);
        CudaDriver.AccessDescription access = new() { Location = _properties.Location, Flags = CudaDriver.AccessReadWrite };
        int allowed = CudaDriver.cuMemSetAccess(at, (nuint)more, &access, 1);
        if (allowed != CudaDriver.Success)
            _ = CudaDriver.cuMemUnmap(at, (nuint)more);
        CudaException.CheckMemory(allowed, _what, more);
        Bytes += more;
        DeviceMemory.Count(_what, more);
    }

    protected override bool Release()
    {
        DeviceMemory.Count(_what, -Bytes);
        return _device.TryUse()
            && (Bytes == 0 || CudaDriver.cuMemUnmap(Address, (nuint)Bytes) == CudaDriver.Success)
            && CudaDriver.cuMemAddressFree(Address, (nuint)_reserved) == CudaDriver.Success;
    }

    private long Rounded(long bytes) => (bytes + _granule - 1) / _granule * _granule;
}
