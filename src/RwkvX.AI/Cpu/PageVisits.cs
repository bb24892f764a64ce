namespace RwkvX.AI.Cpu;

/// <summary>One worker's note of the pages that a pass looked at; <see cref="PagePool"/> reads it between passes.</summary>
internal sealed class PageVisits
{
    private readonly List<Page> _pages = [];

    /// <summary>The pages, a few of them twice where two workers looked at once.</summary>
    public IReadOnlyList<Page> Pages => _pages;

    /// <summary>Bytes of chosen pages, and of means and their codes for the choice, read so far; for benchmarks.</summary>
    public long BytesRead { get; set; }

    /// <summary>The pass; 0 where nobody asks which pages are used.</summary>
    public long Pass { get; private set; }

    /// <summary>A page is looked at for the first time in this pass.</summary>
    public void Note(Page page) => _pages.Add(page);

    /// <summary>Begins a pass with an empty note.</summary>
    public void Begin(long pass)
    {
        _pages.Clear();
        Pass = pass;
    }
}
