namespace RwkvX.AI.Cpu;

/// <summary>The rows of one sparse layer that a state refers to: its keys and values (a page is a chunk), or its chunk means.</summary>
internal sealed class PagedRows(int heads, int rowsPerPage, bool areMeans)
{
    private const int FirstCapacity = 16;

    private readonly List<Page> _pages = [];

    /// <summary>Rows written.</summary>
    public long Count { get; private set; }

    /// <summary>Rows of a full page.</summary>
    public int RowsPerPage => rowsPerPage;

    /// <summary>Bytes of all pages.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (Page page in _pages)
            {
                bytes += page.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>Page <paramref name="index"/>.</summary>
    public Page this[int index] => _pages[index];

    /// <summary>Makes room for <paramref name="count"/> more rows that the caller is about to write, on pages that are its own to write.</summary>
    public void Reserve(int count)
    {
        long end = Count + count;
        for (long row = Count; row < end;)
        {
            int index = (int)(row / rowsPerPage), from = (int)(row % rowsPerPage);
            int to = (int)Math.Min(rowsPerPage, from + (end - row));
            if (index == _pages.Count)
            {
                _pages.Add(new Page(heads, rowsPerPage, areMeans, Math.Max(to, FirstCapacity)));
            }

            if (!_pages[index].TryClaim(from, to))
            {
                Page copy = _pages[index].Copy(from, Math.Max(to, FirstCapacity));
                _pages[index].Release();
                _pages[index] = copy;
                copy.TryClaim(from, to);
            }

            row += to - from;
        }
    }

    /// <summary>The rows reserved have been written.</summary>
    public void Advance(int count) => Count += count;

    /// <summary>The same rows for another state, on the same pages.</summary>
    public PagedRows Fork()
    {
        PagedRows fork = new(heads, rowsPerPage, areMeans) { Count = Count };
        foreach (Page page in _pages)
        {
            fork._pages.Add(page.Share());
        }

        return fork;
    }

    /// <summary>Lets go of the pages.</summary>
    public void Release()
    {
        foreach (Page page in _pages)
        {
            page.Release();
        }

        _pages.Clear();
    }
}
