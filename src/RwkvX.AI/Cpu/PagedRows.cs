using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>The rows of one sparse layer that a state refers to: its keys and values (a page is a chunk), or its chunk means.</summary>
internal sealed class PagedRows(PagePool pool, int heads, int rowsPerPage, bool areMeans)
{
    private const int FirstCapacity = 16;

    private readonly List<Page?> _pages = []; // null = dropped
    private int[] _dropped = [];   // ascending; shared by forks, never changed
    private int[] _looks = [];     // (pages) how often a head chose the page
    private int[] _earlierLooks = []; // (pages) how often before the state was opened; shared by forks, never changed
    private int[] _lastLooks = []; // (pages) one more than the position of the last token that did; 0 = none

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
            foreach (Page? page in _pages)
            {
                bytes += page?.Bytes ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>The pages that were dropped, ascending: nobody may look at them.</summary>
    public ReadOnlySpan<int> Dropped => _dropped;

    /// <summary>Page <paramref name="index"/>, one that was not dropped.</summary>
    public Page this[int index] => _pages[index]!;

    /// <summary>Whether page <paramref name="index"/> was dropped.</summary>
    public bool IsDropped(int index) => _pages[index] is null;

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
                Add(new Page(pool, heads, rowsPerPage, areMeans, Math.Max(to, FirstCapacity)));
            }

            if (!this[index].TryClaim(from, to))
            {
                Page copy = this[index].Copy(from, Math.Max(to, FirstCapacity));
                this[index].Release();
                _pages[index] = copy;
                copy.TryClaim(from, to);
            }

            row += to - from;
        }
    }

    /// <summary>The rows reserved have been written.</summary>
    public void Advance(int count)
    {
        for (long index = Count / rowsPerPage; index < (Count + count) / rowsPerPage; index++)
        {
            this[(int)index].Seal();
        }

        Count += count;
    }

    /// <summary>Takes over a full page that lies in a snapshot; null for a dropped one, which <see cref="Drop"/> is told of afterwards.</summary>
    public void Append(PageSource? source)
    {
        Add(source is null ? null : new Page(pool, heads, rowsPerPage, source));
        Count += rowsPerPage;
    }

    /// <summary>Lets go of full pages.</summary>
    /// <param name="indices">Which; one that was dropped before is passed over.</param>
    public void Drop(IEnumerable<int> indices)
    {
        foreach (int index in indices)
        {
            if (_pages[index] is not { } page)
            {
                continue;
            }

            _pages[index] = null;
            _looks[index] = _lastLooks[index] = 0;
            page.Release();
        }

        _dropped = [.. Enumerable.Range(0, _pages.Count).Where(IsDropped)];
    }

    /// <summary>(full pages) how often heads chose each page so far.</summary>
    public int[] Looks() => [.. Enumerable.Range(0, (int)(Count / rowsPerPage)).Select(index => _looks[index] + EarlierLooks(index))];

    /// <summary>Goes on counting where another state has stopped.</summary>
    /// <param name="looks">(full pages)</param>
    public void StartLooks(IReadOnlyList<int> looks) => _earlierLooks = [.. looks];

    /// <summary>Notes that heads chose a page. Called from all workers at once.</summary>
    /// <param name="index">The page.</param>
    /// <param name="times">By how many heads and tokens.</param>
    /// <param name="position">The position of the last of these tokens.</param>
    public void NoteLooks(int index, int times, long position)
    {
        Interlocked.Add(ref _looks[index], times);
        ref int last = ref _lastLooks[index];
        int seen = Volatile.Read(ref last), later = (int)position + 1;
        while (seen < later)
        {
            int before = Interlocked.CompareExchange(ref last, later, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>The pages, where they lie and how they were used.</summary>
    public IReadOnlyList<PageUse> Usage() =>
    [
        .. _pages.Select((page, index) => new PageUse(
            page?.Location ?? PageLocation.Dropped, (int)Math.Min(rowsPerPage, Count - ((long)index * rowsPerPage)),
            page?.Bytes ?? Page.BytesOf(heads, rowsPerPage), _looks[index], _lastLooks[index] - 1L) { EarlierLooks = EarlierLooks(index) }),
    ];

    /// <summary>The same rows for another state, on the same pages.</summary>
    public PagedRows Fork()
    {
        PagedRows fork = new(pool, heads, rowsPerPage, areMeans) { Count = Count, _dropped = _dropped, _earlierLooks = _earlierLooks };
        fork._pages.Capacity = _pages.Count;
        foreach (Page? page in _pages)
        {
            fork._pages.Add(page?.Share());
        }

        fork._looks = _looks[..LooksKept];
        fork._lastLooks = _lastLooks[..LooksKept];
        return fork;
    }

    /// <summary>Lets go of the pages.</summary>
    public void Release()
    {
        foreach (Page? page in _pages)
        {
            page?.Release();
        }

        _pages.Clear();
    }

    private int EarlierLooks(int index) => index < _earlierLooks.Length && !IsDropped(index) ? _earlierLooks[index] : 0;

    private int LooksKept => areMeans ? 0 : _pages.Count;

    private void Add(Page? page)
    {
        _pages.Add(page);
        if (!areMeans && _looks.Length < _pages.Count)
        {
            int size = Math.Max(_pages.Count, 16 + (_pages.Count * 5 / 4));
            Array.Resize(ref _looks, size);
            Array.Resize(ref _lastLooks, size);
        }
    }
}
