using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>A state on the device: a recurrent part of its own, and pages that forks share.</summary>
/// <remarks>The recurrent part has <see cref="ModelShape.StateWords"/> words: per RWKV layer att_x_prev (C), ffn_x_prev (C), S (H, N, N); per sparse layer ffn_x_prev (C), key_sum (C). S may be f16, all else is f32.</remarks>
internal sealed partial class CudaState : RwkvXState
{
    private readonly StateStore _store;
    private readonly List<Page> _pages = [];
    private readonly LookCounts _looks;
    private DroppedChunks _dropped;
    private DeviceMemory? _table; // a word, where looks are counted, then the addresses of the pages
    private int _tableLength;
    private ulong? _tableLooks; // what the word says
    private long _tokenCount;
    private bool _valid = true;
    private bool _disposed;

    /// <summary>An empty state: the recurrent part is zeros.</summary>
    public CudaState(StateStore store)
    {
        _store = store;
        _looks = new LookCounts(store);
        _dropped = DroppedChunks.None(store.Shape.Config.SparseLayerCount);
        Recurrent = store.TakeRecurrent();
        try
        {
            GrowTable(16);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private CudaState(CudaState other)
    {
        _store = other._store;
        (_tokenCount, _dropped) = (other._tokenCount, other._dropped);
        Recurrent = _store.TakeRecurrent();
        try
        {
            _looks = other._looks.Fork();
            GrowTable(other._pages.Count);
            foreach (Page page in other._pages)
            {
                page.Share();
                _pages.Add(page);
            }
            _store.Stream.Copy(other.Recurrent, Recurrent, RecurrentBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override long TokenCount => _tokenCount;

    public override bool IsValid => _valid && !_disposed;

    public override long RecurrentBytes => _store.Shape.StateBytes;

    public override long PageBytes => _pages.Count(page => !page.IsAbsent) * _store.Shape.PageBytes;

    public override int DroppedPages => _dropped.Count;

    /// <summary>What it does without.</summary>
    public DroppedChunks Dropped => _dropped;

    /// <summary>How often its chunks were chosen.</summary>
    public LookCounts Looks => _looks;

    /// <summary>Device address of the recurrent part.</summary>
    public ulong Recurrent { get; }

    /// <summary>Device address of the page table.</summary>
    public ulong Table => _table!.Address + sizeof(ulong);

    public IReadOnlyList<Page> Pages => _pages;

    /// <summary>Which model it belongs to.</summary>
    public StateStore Store => _store;

    public override RwkvXState Fork()
    {
        ThrowIfUnusable();
        return _store.Exclusive(() => new CudaState(this));
    }

    public override PageUsage GetPageUsage() => _store.Exclusive(() => _disposed ? new PageUsage([]) : new StatePages(this).Usage());

    /// <inheritdoc/>
    /// <remarks>Device memory is freed where all layers do without a chunk.</remarks>
    public override void DropPages(IReadOnlyList<PageId> pages)
    {
        ArgumentNullException.ThrowIfNull(pages);
        _store.Exclusive(() =>
        {
            ThrowIfUnusable();
            int layers = _store.Shape.Config.SparseLayerCount;
            long full = _tokenCount / _store.Shape.Config.MobaChunkSize;
            foreach (PageId page in pages)
                if (page.Layer < 0 || page.Layer >= layers || page.Chunk < 0 || page.Chunk >= full)
                    throw new ArgumentException($"pages: expected layers below {layers} and chunks below {full}, found layer {page.Layer}, chunk {page.Chunk}", nameof(pages));
            Drop([.. pages.Distinct().Where(page => !_dropped.Contains(page.Layer, page.Chunk))]);
            return true;
        });
    }

    /// <summary>An empty state is to take over a snapshot that lacks pages: chunks that all layers do without get none.</summary>
    public void StartDropped(DroppedChunks dropped)
    {
        if (dropped.Count > 0)
            _ = _store.AbsentPage; // there before room is made
        _dropped = dropped;
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
        _store.Return(Recurrent, _table, _looks);
    }
}
