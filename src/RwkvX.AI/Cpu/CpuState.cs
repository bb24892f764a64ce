using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>A sequence's state on the CPU. An empty one holds no memory; forks copy the recurrent part and share pages.</summary>
internal sealed unsafe class CpuState : RwkvXState
{
    /// <summary>Chunk means that a page of them holds.</summary>
    private const int MeansPerPage = 256;

    private readonly RwkvXConfig _config;
    private readonly PagedRows[] _keyValues; // (M)
    private readonly PagedRows[] _means;     // (M)
    private NativeBuffer? _recurrent;        // (L, C + H·N·N + C) and (M, C); null while all zero
    private long _tokenCount;
    private bool _disposed;

    /// <summary>An empty state.</summary>
    /// <param name="config">The model's sizes.</param>
    /// <param name="owner">The model that it belongs to.</param>
    /// <param name="pool">The model's memory for pages.</param>
    public CpuState(RwkvXConfig config, object owner, PagePool pool)
        : this(
            config, owner,
            [.. Enumerable.Range(0, config.SparseLayerCount).Select(_ => new PagedRows(pool, config.HeadCount, config.MobaChunkSize, areMeans: false))],
            [.. Enumerable.Range(0, config.SparseLayerCount).Select(_ => new PagedRows(pool, config.HeadCount, MeansPerPage, areMeans: true))])
    {
    }

    private CpuState(RwkvXConfig config, object owner, PagedRows[] keyValues, PagedRows[] means)
    {
        _config = config;
        Owner = owner;
        _keyValues = keyValues;
        _means = means;
    }

    ~CpuState() => Dispose(false); // the pool still counts the pages of a state that was forgotten

    public override long TokenCount => _tokenCount;

    public override bool IsValid => !_disposed && !IsBroken;

    /// <summary>A pass over the state did not end: parts of it are ahead of others.</summary>
    public bool IsBroken { get; set; }

    public bool IsDisposed => _disposed;

    /// <summary>The model's sizes.</summary>
    public RwkvXConfig Config => _config;

    /// <summary>The model that made it; another one's weights mean nothing to it.</summary>
    public object Owner { get; }

    public override long RecurrentBytes => _recurrent?.Bytes ?? 0;

    public override long PageBytes => _keyValues.Sum(rows => rows.Bytes) + _means.Sum(rows => rows.Bytes);

    public override int DroppedPages
    {
        get
        {
            int count = 0;
            foreach (PagedRows rows in _keyValues)
            {
                count += rows.Dropped.Length;
            }

            return count;
        }
    }

    public override void DropPages(IReadOnlyList<PageId> pages)
    {
        ArgumentNullException.ThrowIfNull(pages);
        ThrowIfUnusable();
        long full = _tokenCount / _config.MobaChunkSize;
        foreach (PageId page in pages)
        {
            if (page.Layer < 0 || page.Layer >= _keyValues.Length || page.Chunk < 0 || page.Chunk >= full)
            {
                throw new ArgumentException($"pages: expected layers below {_keyValues.Length} and chunks below {full}, found layer {page.Layer}, chunk {page.Chunk}", nameof(pages));
            }
        }

        foreach (IGrouping<int, PageId> layer in pages.GroupBy(page => page.Layer))
        {
            _keyValues[layer.Key].Drop(layer.Select(page => page.Chunk));
        }
    }

    public override PageUsage GetPageUsage() => new([.. _keyValues.Select(rows => rows.Usage())]);

    private long WkvSize => (long)_config.HeadCount * Wkv.N * Wkv.N;

    private long LayerStride => (2L * _config.EmbeddingSize) + WkvSize;

    /// <summary>(H, N, N) a layer's recurrent state, transposed: [head][key index][value index]. First in its layer, so 64-byte aligned.</summary>
    public float* WkvState(int layer) => _recurrent!.Data + (layer * LayerStride);

    /// <summary>(C) a layer's last vector after LN1.</summary>
    public float* AttXPrev(int layer) => WkvState(layer) + WkvSize;

    /// <summary>(C) a layer's last vector after LN2.</summary>
    public float* FfnXPrev(int layer) => AttXPrev(layer) + _config.EmbeddingSize;

    /// <summary>(C) a sparse layer's last vector after LN2.</summary>
    public float* SparseFfnXPrev(int layer) => _recurrent!.Data + (_config.LayerCount * LayerStride) + ((long)layer * _config.EmbeddingSize);

    /// <summary>A sparse layer's keys and values; a page is a chunk.</summary>
    public PagedRows KeyValues(int layer) => _keyValues[layer];

    /// <summary>A sparse layer's chunk means.</summary>
    public PagedRows Means(int layer) => _means[layer];

    /// <summary>Makes room for tokens about to be run.</summary>
    public void Reserve(int count)
    {
        _recurrent ??= new NativeBuffer((_config.LayerCount * LayerStride) + ((long)_config.SparseLayerCount * _config.EmbeddingSize));
        int newChunks = NewChunks(count);
        for (int m = 0; m < _keyValues.Length; m++)
        {
            _keyValues[m].Reserve(count);
            _means[m].Reserve(newChunks);
        }
    }

    /// <summary>The reserved tokens have been run.</summary>
    public void Advance(int count)
    {
        int newChunks = NewChunks(count);
        for (int m = 0; m < _keyValues.Length; m++)
        {
            _keyValues[m].Advance(count);
            _means[m].Advance(newChunks);
        }

        _tokenCount += count;
    }

    /// <summary>Takes over the full pages of a snapshot, a sparse layer's after another, before anything is run or reserved.</summary>
    /// <param name="chunks">The number of tokens is that of so many chunks.</param>
    public void StartAt(int chunks)
    {
        _tokenCount = (long)chunks * _config.MobaChunkSize;
        foreach (PagedRows means in _means)
        {
            means.Reserve(chunks);
            means.Advance(chunks);
        }
    }

    public override RwkvXState Fork()
    {
        ThrowIfUnusable();
        CpuState fork = new(_config, Owner, Array.ConvertAll(_keyValues, rows => rows.Fork()), Array.ConvertAll(_means, rows => rows.Fork()))
        {
            _tokenCount = _tokenCount,
        };
        if (_recurrent is not null)
        {
            fork._recurrent = new NativeBuffer(_recurrent.Count);
            Buffer.MemoryCopy(_recurrent.Data, fork._recurrent.Data, _recurrent.Bytes, _recurrent.Bytes);
        }

        return fork;
    }

    /// <summary>Throws for a state that was disposed or is broken.</summary>
    public void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(RwkvXState));
        if (IsBroken)
        {
            throw new InvalidOperationException("A forward pass over this state was cancelled or failed: it can only be disposed. Fork a state first to be able to go back.");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (disposing)
        {
            _recurrent?.Dispose();
            _recurrent = null;
        }

        Array.ForEach(_keyValues, rows => rows.Release());
        Array.ForEach(_means, rows => rows.Release());
    }

    private int NewChunks(int count) => (int)(((_tokenCount + count) / _config.MobaChunkSize) - (_tokenCount / _config.MobaChunkSize));
}
