namespace RwkvX.AI.Cpu;

/// <summary>The memory of one engine's pages, within a budget: full pages that were not used for longest move to a page file on disk.</summary>
/// <remarks>
/// Pages move between passes only (<see cref="Settle"/>), so no kernel waits for a lock. A page on disk is read where it lies, in the mapping: a
/// pass fetches the chunks that were chosen and nothing else. One that is used again and again comes back into memory. Chunk means count
/// towards the budget and stay in memory. Without a budget nothing moves and nothing is noted.
/// </remarks>
internal sealed unsafe class PagePool
{
    /// <summary>Uses on disk in a row after which a page comes back.</summary>
    private const int UsesToComeBack = 4;

    /// <summary>Passes between two uses that still count as in a row.</summary>
    private const int NearPasses = 32;

    private readonly long? _budget;
    private readonly string _folder;
    private readonly Lock _lock = new();
    private readonly LinkedList<Page> _byUse = new(); // full pages in memory, the one not used for longest first
    private readonly List<PageVisits> _visits = [];
    private readonly Slabs _slabs = new();
    private SpillFile? _spill;
    private long _memoryBytes;
    private long _pass;

    /// <summary>A pool.</summary>
    /// <param name="budget">Bytes of memory for pages; null for no bound.</param>
    /// <param name="folder">Where the page file lies; null for the folder of temporary files.</param>
    public PagePool(long? budget = null, string? folder = null)
    {
        _budget = budget;
        _folder = folder ?? Path.GetTempPath();
    }

    /// <summary>Bytes of pages in memory, chunk means included.</summary>
    public long MemoryBytes => Interlocked.Read(ref _memoryBytes);

    /// <summary>Pages moved to disk so far.</summary>
    public long MovedDown { get; private set; }

    /// <summary>Pages that came back into memory so far.</summary>
    public long CameBack { get; private set; }

    /// <summary>Bytes that passes read of chosen pages and of means so far; see <see cref="PageVisits.BytesRead"/>.</summary>
    public long BytesRead => _visits.Sum(visits => visits.BytesRead);

    /// <summary>A worker's note of the pages it looks at.</summary>
    public PageVisits AddVisits()
    {
        PageVisits visits = new();
        _visits.Add(visits);
        return visits;
    }

    /// <summary>Memory for a page.</summary>
    /// <param name="floats">Its size.</param>
    /// <param name="full">Whether it has room for all the rows that the page can have: there are many of that size.</param>
    public NativeBuffer Take(long floats, bool full)
    {
        NativeBuffer buffer = full ? _slabs.Take(floats) : new NativeBuffer(floats);
        Count(buffer.Bytes);
        return buffer;
    }

    /// <summary>Memory for a full page; null where the budget has none left.</summary>
    public NativeBuffer? TryTake(long floats) => _budget is { } budget && MemoryBytes + (floats * sizeof(float)) > budget ? null : Take(floats, full: true);

    /// <summary>Gives memory back.</summary>
    public void Give(NativeBuffer buffer)
    {
        Count(-buffer.Bytes);
        buffer.Dispose();
    }

    /// <summary>A page in memory has become full: from now on it may move.</summary>
    public void Add(Page page)
    {
        if (_budget is null)
        {
            return;
        }

        lock (_lock)
        {
            _byUse.AddLast(page.Place);
        }
    }

    /// <summary>A page has left the memory, or is gone.</summary>
    public void Remove(Page page)
    {
        lock (_lock)
        {
            if (page.Place.List is not null)
            {
                _byUse.Remove(page.Place);
            }
        }
    }

    /// <summary>Writes a page to the page file.</summary>
    /// <exception cref="IOException">The disk is full or does not work.</exception>
    public SpillSlot Spill(ReadOnlySpan<byte> page)
    {
        lock (_lock)
        {
            _spill ??= new SpillFile(_folder, page.Length);
        }

        SpillSlot slot = _spill.Write(page);
        PageMeter.OnDisk(page.Length);
        return slot;
    }

    /// <summary>Gives a page's place in the page file to others.</summary>
    /// <param name="slot">The place.</param>
    /// <param name="bytes">Bytes of the page.</param>
    public void Free(SpillSlot slot, long bytes)
    {
        _spill!.Free(slot);
        PageMeter.OnDisk(-bytes);
    }

    /// <summary>Begins a pass: notes what the last one used, brings back what is used often, moves down what is too much.</summary>
    /// <param name="rows">Tokens of the pass: a short one does not wait for many pages to come back.</param>
    /// <exception cref="IOException">The disk is full or does not work; every page is still where it was.</exception>
    public void Settle(int rows)
    {
        if (_budget is null)
        {
            return;
        }

        foreach (Page page in NoteUses((rows / 64) + 1))
        {
            if (page.ComeBack())
            {
                CameBack++;
                PageMeter.CameBack();
            }

            page.Release();
        }

        while (MemoryBytes > _budget && NextToMove() is { } page)
        {
            try
            {
                page.MoveDown();
                MovedDown++;
                PageMeter.Evicted();
            }
            finally
            {
                page.Release();
            }
        }

        _pass++;
        foreach (PageVisits visits in _visits)
        {
            visits.Begin(_pass);
        }
    }

    /// <summary>Takes no more pages; the page file goes with the last page in it.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _spill?.Close();
        }

        _slabs.Close();
    }

    private void Count(long bytes)
    {
        Interlocked.Add(ref _memoryBytes, bytes);
        PageMeter.InMemory(bytes);
    }

    /// <returns>Pages on disk to bring back, each held.</returns>
    private List<Page> NoteUses(int most)
    {
        List<Page> back = [];
        (int inMemory, int onDisk) = (0, 0);
        lock (_lock)
        {
            foreach (PageVisits visits in _visits)
            {
                foreach (Page page in visits.Pages)
                {
                    if (page.NoteUse(_pass, NearPasses))
                    {
                        inMemory += page.Place.List is null ? 0 : 1;
                        onDisk += page.Location == Models.PageLocation.Disk ? 1 : 0;
                    }

                    if (page.Place.List is not null)
                    {
                        _byUse.Remove(page.Place);
                        _byUse.AddLast(page.Place);
                    }
                    else if (page.UsesInARow >= UsesToComeBack && back.Count < most && page.Location == Models.PageLocation.Disk && page.TryShare())
                    {
                        back.Add(page);
                    }
                }
            }
        }

        PageMeter.Used(inMemory, onDisk);
        return back;
    }

    private Page? NextToMove()
    {
        lock (_lock)
        {
            for (LinkedListNode<Page>? node = _byUse.First; node is not null; node = node.Next)
            {
                if (node.Value.TryShare())
                {
                    _byUse.Remove(node);
                    return node.Value;
                }
            }

            return null;
        }
    }
}
