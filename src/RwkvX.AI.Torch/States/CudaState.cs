using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>A state on the device: a recurrent part of its own, and pages that forks share.</summary>
/// <remarks>The recurrent part is <see cref="ModelShape.StateFloats"/> f32: per RWKV layer att_x_prev (C), ffn_x_prev (C), S (H, N, N); per sparse layer ffn_x_prev (C), key_sum (C).</remarks>
internal sealed class CudaState : RwkvXState
{
    private readonly StateStore _store;
    private readonly List<Page> _pages = [];
    private DeviceMemory? _table;
    private int _tableLength;
    private long _tokenCount;
    private bool _valid = true;
    private bool _disposed;

    /// <summary>An empty state: the recurrent part is zeros.</summary>
    public CudaState(StateStore store)
    {
        _store = store;
        Recurrent = store.TakeRecurrent();
        GrowTable(16);
    }

    private CudaState(CudaState other)
    {
        _store = other._store;
        Recurrent = _store.TakeRecurrent();
        _tokenCount = other._tokenCount;
        GrowTable(other._pages.Count);
        foreach (Page page in other._pages)
        {
            page.Share();
            _pages.Add(page);
        }
        _store.Stream.Copy(other.Recurrent, Recurrent, RecurrentBytes);
    }

    public override long TokenCount => _tokenCount;

    public override bool IsValid => _valid && !_disposed;

    public override long RecurrentBytes => _store.Shape.StateFloats * sizeof(float);

    public override long PageBytes => _pages.Count * _store.Shape.PageBytes;

    /// <summary>Device address of the recurrent part.</summary>
    public ulong Recurrent { get; }

    /// <summary>Device address of the page table.</summary>
    public ulong Table => _table!.Address;

    public IReadOnlyList<Page> Pages => _pages;

    /// <summary>Which model it belongs to.</summary>
    public StateStore Store => _store;

    public override RwkvXState Fork()
    {
        ThrowIfUnusable();
        return _store.Exclusive(() => new CudaState(this));
    }

    /// <summary>Makes room for tokens to come: new pages, and a page of its own where the last one is shared and not full.</summary>
    /// <exception cref="DeviceMemoryException">No room; the state is as before.</exception>
    public void Reserve(long tokens)
    {
        int pageTokens = _store.Shape.PageTokens, used = checked((int)((_tokenCount + pageTokens - 1) / pageTokens));
        if (_store.Shape.Config.SparseLayerCount == 0)
            return;
        if (_tokenCount % pageTokens != 0 && _pages[used - 1].IsShared)
        {
            ulong own = _store.Pages.Take();
            _store.Stream.Copy(_pages[used - 1].Address, own, _store.Shape.PageBytes);
            Release(_pages[used - 1]);
            _pages[used - 1] = new Page(own);
            _tableLength = Math.Min(_tableLength, used - 1);
        }
        int needed = checked((int)((_tokenCount + tokens + pageTokens - 1) / pageTokens));
        while (_pages.Count < needed)
            _pages.Add(new Page(_store.Pages.Take()));
        UploadTable();
    }

    /// <summary>Tokens were consumed.</summary>
    public void Advance(long tokens) => _tokenCount += tokens;

    /// <summary>A pass over this state failed half-way.</summary>
    public void Invalidate() => _valid = false;

    public void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_valid)
            throw new InvalidOperationException("The state is not valid: a pass over it was cancelled or failed.");
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
            return;
        _disposed = true;
        foreach (Page page in _pages)
            Release(page);
        _pages.Clear();
        _store.Return(this, _table!);
    }

    private void Release(Page page)
    {
        if (page.Release())
            _store.Pages.Return(page.Address);
    }

    private void UploadTable()
    {
        if (_tableLength == _pages.Count)
            return;
        if (_pages.Count * sizeof(ulong) > _table!.Bytes)
            GrowTable(_pages.Count);
        ulong[] entries = [.. _pages.Skip(_tableLength).Select(p => p.Address)];
        _store.Stream.Upload<ulong>(entries, Table + (ulong)(_tableLength * sizeof(ulong)));
        _tableLength = _pages.Count;
    }

    private void GrowTable(int entries)
    {
        DeviceMemory table = _store.NewTable((long)Math.Max(entries, 16) * 2 * sizeof(ulong));
        if (_table is not null)
            _store.DropTable(_table);
        _table = table;
        _tableLength = 0;
    }
}
