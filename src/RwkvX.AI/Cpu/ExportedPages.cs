using System.Diagnostics.CodeAnalysis;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>Holds the full pages of an exported state until nobody wants to read them any more.</summary>
internal sealed class ExportedPages : IPageLease
{
    private readonly Holding _holding;
    private int _disposed;

    /// <summary>Takes over one reference to each page.</summary>
    public ExportedPages(Page[] pages)
        : this(new Holding(pages))
    {
    }

    private ExportedPages(Holding holding) => _holding = holding;

    /// <summary>Whether the pages are still held.</summary>
    public bool IsHeld => _holding.IsHeld;

    public IPageLease Share()
    {
        _holding.Share();
        return new ExportedPages(_holding);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _holding.Release();
        }
    }

    /// <summary>The pages themselves; where the last share was forgotten, the finalizer lets go of them.</summary>
    private sealed class Holding(Page[] pages)
    {
        private int _shares = 1;

        ~Holding()
        {
            if (Interlocked.Exchange(ref _shares, 0) > 0)
            {
                Free();
            }
        }

        public bool IsHeld => Volatile.Read(ref _shares) > 0;

        public void Share()
        {
            int seen = Volatile.Read(ref _shares);
            while (seen > 0)
            {
                int before = Interlocked.CompareExchange(ref _shares, seen + 1, seen);
                if (before == seen)
                {
                    return;
                }

                seen = before;
            }

            throw new ObjectDisposedException(nameof(StateSnapshot));
        }

        [SuppressMessage("Usage", "CA1816:Dispose methods should call SuppressFinalize", Justification = "The last Release is this type's Dispose.")]
        public void Release()
        {
            if (Interlocked.Decrement(ref _shares) == 0)
            {
                GC.SuppressFinalize(this);
                Free();
            }
        }

        private void Free()
        {
            foreach (Page page in pages)
            {
                page.Release();
            }
        }
    }
}
