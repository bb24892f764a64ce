namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The bytes of a file, in memory or mapped. Who creates it holds the first reference.</summary>
internal abstract class Blob
{
    private int _references = 1;

    public abstract long Length { get; }

    /// <summary>Bytes that may be read while a reference is held.</summary>
    public abstract ReadOnlySpan<byte> Slice(long offset, int length);

    /// <summary>True where the bytes do not move: outside the garbage collector's heap.</summary>
    public abstract bool IsNative { get; }

    /// <summary>One more reference; false where the last one is gone.</summary>
    public bool TryAcquire()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen) return true;
            seen = before;
        }

        return false;
    }

    /// <summary>One reference fewer; true where it was the last.</summary>
    public bool Release()
    {
        if (Interlocked.Decrement(ref _references) != 0) return false;
        Free();
        return true;
    }

    protected abstract void Free();
}
