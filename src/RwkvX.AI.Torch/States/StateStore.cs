using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>What all states of a model share: the stream, the pools, and the lock that keeps passes apart.</summary>
internal sealed class StateStore : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CudaDevice _device;
    private readonly PagePool _recurrent;
    private readonly HashSet<DeviceMemory> _tables = [];
    private bool _disposed;

    public StateStore(CudaDevice device, CudaStream stream, ModelShape shape, long pageBudget)
    {
        _device = device;
        Stream = stream;
        Shape = shape;
        _recurrent = new PagePool(device, shape.StateFloats * sizeof(float), long.MaxValue, "recurrent states");
        Pages = new PagePool(device, shape.PageBytes, pageBudget, "pages of keys and values");
    }

    public CudaStream Stream { get; }

    public ModelShape Shape { get; }

    public PagePool Pages { get; }

    /// <summary>Runs something that uses the stream, alone and with the device's context current.</summary>
    public T Exclusive<T>(Func<T> action)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _device.Use();
            return action();
        }
    }

    /// <summary>A zeroed recurrent part. Within <see cref="Exclusive"/>.</summary>
    public ulong TakeRecurrent()
    {
        ulong recurrent = _recurrent.Take();
        Stream.Clear(recurrent, _recurrent.Bytes);
        return recurrent;
    }

    /// <summary>Room for a page table.</summary>
    public DeviceMemory NewTable(long bytes)
    {
        DeviceMemory table = new(_device, bytes, "page table");
        lock (_tables)
            _tables.Add(table);
        return table;
    }

    /// <summary>Frees a page table that a larger one replaces. Within <see cref="Exclusive"/>.</summary>
    public void DropTable(DeviceMemory table)
    {
        lock (_tables)
            if (_tables.Remove(table))
                table.Dispose();
    }

    /// <summary>Takes back what a state held, also after the model is gone.</summary>
    public void Return(CudaState state, DeviceMemory table)
    {
        _recurrent.Return(state.Recurrent);
        DropTable(table);
    }

    /// <summary>Waits for a running pass, then frees everything; states may still be disposed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _device.Use();
            Stream.Synchronize();
            _recurrent.Dispose();
            Pages.Dispose();
            lock (_tables)
            {
                foreach (DeviceMemory table in _tables)
                    table.Dispose();
                _tables.Clear();
            }
        }
    }
}
