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

    /// <summary>Bytes of pages and recurrent parts that states hold.</summary>
    public (long Pages, long Recurrent) HeldBytes => (Pages.Allocated - Pages.FreeBytes, _recurrent.Allocated - _recurrent.FreeBytes);

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
        ulong recurrent = _recurrent.Take(1)[0];
        Stream.Clear(recurrent, _recurrent.Bytes);
        return recurrent;
    }

    /// <summary>Makes room for tokens to come in several states: new pages, and a page of its own where a state's last one is shared and not full. Within <see cref="Exclusive"/>.</summary>
    /// <exception cref="DeviceMemoryException">No room for all of them; every state is as before.</exception>
    public void Reserve(params ReadOnlySpan<(CudaState State, long Tokens)> wanted)
    {
        int missing = 0;
        foreach ((CudaState state, long tokens) in wanted)
        {
            state.ReserveTables(tokens);
            missing = checked(missing + state.MissingPages(tokens));
        }
        Queue<ulong> pages = new(Pages.Take(missing));
        foreach ((CudaState state, long tokens) in wanted)
            state.Extend(tokens, pages);
        Return(pages);
    }

    /// <summary>Gives pages back that were taken and not needed: the last fork beside a state may be disposed at any time.</summary>
    public void Return(Queue<ulong> pages)
    {
        while (pages.TryDequeue(out ulong page))
            Pages.Return(page);
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
    public void Return(ulong recurrent, DeviceMemory? table, LookCounts? looks)
    {
        _recurrent.Return(recurrent);
        if (table is not null)
            DropTable(table);
        looks?.Return();
    }

    private Page NewAbsentPage()
    {
        _absent ??= new DeviceMemory(_device, Shape.PageBytes, "the page that stands for dropped ones");
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
            _ = _device.TryUse();
            Stream.Settle();
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
