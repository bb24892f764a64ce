using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>One share of a snapshot's lease for all pages that still lie in it: the last one ends it.</summary>
/// <param name="lease">The share.</param>
internal sealed class CountedLease(IPageLease lease)
{
    private int _count = 1;

    /// <summary>One page more.</summary>
    public CountedLease Hold()
    {
        Interlocked.Increment(ref _count);
        return this;
    }

    /// <summary>One page fewer, or the maker is done.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            lease.Dispose();
        }
    }
}
