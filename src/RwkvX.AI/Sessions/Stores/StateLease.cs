using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>Keeps the page files of an opened state readable until disposed.</summary>
internal sealed class StateLease : IDisposable
{
    private readonly List<Blob> _blobs = [];
    private int _disposed;

    /// <summary>Holds a file; false where it is being let go of.</summary>
    public bool TryHold(PageFile file)
    {
        if (!file.Blob.TryAcquire()) return false;
        _blobs.Add(file.Blob);
        return true;
    }

    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, typeof(StoredState));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        foreach (Blob blob in _blobs) blob.Release();
    }
}
