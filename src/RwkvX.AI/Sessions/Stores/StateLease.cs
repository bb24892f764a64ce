using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>Keeps the page files of an opened state readable until it and all that share it are disposed.</summary>
internal sealed class StateLease : IPageLease
{
    private readonly List<Blob> _blobs = [];
    private int _holds = 1;
    private int _disposed;

    /// <summary>Holds a file; false where it is being let go of.</summary>
    public bool TryHold(PageFile file)
    {
        if (!file.Blob.TryAcquire()) return false;
        _blobs.Add(file.Blob);
        return true;
    }

    public IPageLease Share()
    {
        int seen = Volatile.Read(ref _holds);
        while (seen > 0)
        {
            int before = Interlocked.CompareExchange(ref _holds, seen + 1, seen);
            if (before == seen) return new Shared(this);
            seen = before;
        }

        throw new ObjectDisposedException(nameof(StoredState));
    }

    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _holds) == 0, typeof(StoredState));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Release();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holds) != 0) return;
        foreach (Blob blob in _blobs) blob.Release();
    }

    private sealed class Shared(StateLease lease) : IPageLease
    {
        private int _disposed;

        public IPageLease Share() => lease.Share();

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0) lease.Release();
        }
    }
}
