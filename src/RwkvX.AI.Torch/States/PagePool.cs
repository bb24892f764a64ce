using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>Equal pieces of device memory from a few large allocations, within a budget.</summary>
internal sealed class PagePool : IDisposable
{
    private const long SlabBytes = 64 << 20;

    private readonly Lock _gate = new();
    private readonly CudaDevice _device;
    private readonly string _what;
    private readonly long _budget;
    private readonly List<DeviceMemory> _slabs = [];
    private DeviceRange? _range;
    private readonly Stack<ulong> _free = [];
    private bool _disposed;

    /// <param name="device">The device.</param>
    /// <param name="bytes">Bytes of a piece.</param>
    /// <param name="budget">Bytes of all pieces together.</param>
    /// <param name="what">What the pieces are, for errors.</param>
    public PagePool(CudaDevice device, long bytes, long budget, string what)
    {
        _device = device;
        _what = what;
        _budget = budget;
        Bytes = (bytes + 255) / 256 * 256;
    }

    /// <summary>Bytes of a piece.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of pieces that nobody holds.</summary>
    public long FreeBytes
    {
        get
        {
            lock (_gate)
                return _free.Count * Bytes;
        }
    }

    /// <summary>Bytes taken from the device.</summary>
    public long Allocated { get; private set; }

    /// <summary>So many pieces, or none.</summary>
    /// <exception cref="DeviceMemoryException">The budget or the device has not room for all.</exception>
    public ulong[] Take(int count)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            long missing = Math.Max(count - _free.Count, 0) * Bytes;
            if (_budget - Allocated < missing)
                throw DeviceMemoryException.OfBudget($"{_what}, of which {Allocated:N0} bytes are taken", missing, _budget);
            try
            {
                while (_free.Count < count)
                    Grow((count - _free.Count) * Bytes);
            }
            catch (DeviceMemoryException e) when (_budget < long.MaxValue)
            {
                throw DeviceMemoryException.OfDevice(e.ErrorName, _what, e.RequestedBytes, budget: _budget);
            }
            return [.. Enumerable.Range(0, count).Select(_ => _free.Pop())];
        }
    }

    public void Return(ulong piece)
    {
        lock (_gate)
            if (!_disposed)
                _free.Push(piece);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _range?.Dispose();
            foreach (DeviceMemory slab in _slabs)
                slab.Dispose();
            _slabs.Clear();
        }
    }

    private void Grow(long missing)
    {
        if (_device.HasRanges)
        {
            _range ??= new DeviceRange(_device, Math.Min(_budget, _device.TotalBytes), _what);
            _range.Grow(Allocated + missing);
            for (; Allocated + Bytes <= Math.Min(_range.Bytes, _budget); Allocated += Bytes)
                _free.Push(_range.Address + (ulong)Allocated);
            return;
        }
        long count = Math.Clamp(Math.Min(Math.Max(SlabBytes, missing), _budget - Allocated) / Bytes, 1, int.MaxValue);
        DeviceMemory slab = new(_device, count * Bytes, _what);
        _slabs.Add(slab);
        Allocated += slab.Bytes;
        for (long i = count - 1; i >= 0; i--)
            _free.Push(slab.Address + (ulong)(i * Bytes));
    }
}
