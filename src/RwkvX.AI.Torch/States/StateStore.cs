using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>What all states of a model share: the stream, the pools, and the lock that keeps passes apart.</summary>
internal sealed class StateStore : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CudaDevice _device;
    private readonly PagePool _recurrent;
    private readonly HashSet<DeviceMemory> _tables = [];
    private DeviceMemory? _absent;
    private Page? _absentPage;
    private bool _disposed;

    public StateStore(CudaDevice device, CudaStream stream, ModelShape shape, long pageBudget, bool countsLooks = false)
    {
        CountsLooks = countsLooks;
        _device = device;
        Stream = stream;
        Shape = shape;
        _recurrent = new PagePool(device, shape.StateBytes, long.MaxValue, "recurrent states");
        Pages = new PagePool(device, shape.PageBytes, pageBudget, "pages of keys and values");
    }

    public CudaStream Stream { get; }

    public ModelShape Shape { get; }

    public PagePool Pages { get; }

    /// <summary>Bytes of recurrent parts that are taken from the device and held by no state.</summary>
    public long FreeRecurrentBytes => _recurrent.FreeBytes;

    /// <summary>Whether kernels count which chunks heads choose.</summary>
    public bool CountsLooks { get; }

    /// <summary>
    /// Stands in page tables for every dropped page: its means are not numbers, which no comparison finds higher than anything, so no head
    /// chooses its chunk and nobody reads its keys. Within <see cref="Exclusive"/>.
    /// </summary>
    public Page AbsentPage => _absentPage ??= NewAbsentPage();

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
    public void Return(CudaState state, DeviceMemory table, LookCounts looks)
    {
        _recurrent.Return(state.Recurrent);
        DropTable(table);
        looks.Return();
    }

    private Page NewAbsentPage()
    {
        _absent = new DeviceMemory(_device, Shape.PageBytes, "the page that stands for dropped ones");
        Stream.Clear(_absent.Address, Shape.PageBytes);
        float[] means = new float[Shape.C * Shape.Config.SparseLayerCount];
        Array.Fill(means, float.NaN);
        Stream.Upload<float>(means, _absent.Address + (ulong)PageLayout.MeanOffset(Shape, 0));
        return new Page(_absent.Address, isAbsent: true); // one reference stays here, so that no state's is the last
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
            _absent?.Dispose();
            lock (_tables)
            {
                foreach (DeviceMemory table in _tables)
                    table.Dispose();
                _tables.Clear();
            }
        }
    }
}
