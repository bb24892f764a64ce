using RwkvX.AI.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Torch.Eager;

/// <summary>A state of <see cref="TorchModel"/>.</summary>
internal sealed class TorchState : RwkvXState
{
    private long _tokenCount;
    private bool _disposed;

    /// <summary>An empty state.</summary>
    public TorchState(TorchModel owner)
    {
        Owner = owner;
        RwkvXConfig config = owner.Config;
        Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float32).DetachFromDisposeScope();
        Rwkv = [.. Enumerable.Range(0, config.LayerCount).Select(_ => new RwkvLayerState
        {
            AttXPrev = Zeros(config.EmbeddingSize),
            Wkv = Zeros(config.HeadCount, config.HeadSize, config.HeadSize),
            FfnXPrev = Zeros(config.EmbeddingSize),
        })];
        Sparse = [.. Enumerable.Range(0, config.SparseLayerCount).Select(_ => new SparseLayerState { FfnXPrev = Zeros(config.EmbeddingSize) })];
    }

    private TorchState(TorchState other)
    {
        Owner = other.Owner;
        _tokenCount = other._tokenCount;
        // Tensors are never written in place: a second handle to each is a copy.
        static Tensor Alias(Tensor t) => t.alias().DetachFromDisposeScope();
        Rwkv = [.. other.Rwkv.Select(l => new RwkvLayerState { AttXPrev = Alias(l.AttXPrev), Wkv = Alias(l.Wkv), FfnXPrev = Alias(l.FfnXPrev) })];
        Sparse = [.. other.Sparse.Select(l => new SparseLayerState
        {
            FfnXPrev = Alias(l.FfnXPrev),
            Keys = [.. l.Keys.Select(Alias)],
            Values = [.. l.Values.Select(Alias)],
            Means = [.. l.Means.Select(Alias)],
        })];
    }

    public override long TokenCount => _tokenCount;

    public override bool IsValid => !IsBroken && !_disposed;

    public override long RecurrentBytes => Rwkv.Sum(l => Bytes(l.AttXPrev) + Bytes(l.Wkv) + Bytes(l.FfnXPrev)) + Sparse.Sum(l => Bytes(l.FfnXPrev));

    public override long PageBytes => Sparse.Sum(l => l.Keys.Concat(l.Values).Concat(l.Means).Sum(Bytes));

    public TorchModel Owner { get; }

    public IReadOnlyList<RwkvLayerState> Rwkv { get; }

    public IReadOnlyList<SparseLayerState> Sparse { get; }

    /// <summary>Set where a pass over it failed half-way.</summary>
    public bool IsBroken { get; set; }

    private IEnumerable<Tensor> Tensors => Rwkv.SelectMany(l => (Tensor[])[l.AttXPrev, l.Wkv, l.FfnXPrev])
        .Concat(Sparse.SelectMany(l => l.Keys.Concat(l.Values).Concat(l.Means).Append(l.FfnXPrev)));

    public override RwkvXState Fork()
    {
        ThrowIfUnusable();
        return new TorchState(this);
    }

    public void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (IsBroken)
            throw new InvalidOperationException("The state is not valid: a pass over it was cancelled or failed.");
    }

    /// <summary>Runs a pass that replaces some of the tensors, and disposes those that it replaced.</summary>
    public void Replace(int tokens, Action pass)
    {
        HashSet<Tensor> before = [.. Tensors];
        pass();
        foreach (Tensor tensor in Tensors)
            if (!before.Remove(tensor))
                tensor.DetachFromDisposeScope();
        foreach (Tensor old in before)
            old.Dispose();
        _tokenCount += tokens;
    }

    /// <summary>What an import has filled in.</summary>
    public void SetTokenCount(long tokenCount) => _tokenCount = tokenCount;

    protected override void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
            return;
        _disposed = true;
        foreach (Tensor tensor in Tensors)
            tensor.Dispose();
    }

    private static long Bytes(Tensor t) => t.NumberOfElements * t.ElementSize;
}
