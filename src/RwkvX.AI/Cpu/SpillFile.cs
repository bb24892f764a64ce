namespace RwkvX.AI.Cpu;

/// <summary>The page file of one engine: full pages that memory has no room for, as the kernels read them, in mapped files that grow by segments.</summary>
/// <remarks>
/// The files belong to this process alone: they have no name any more once they are open (on Windows, once they are closed), so nothing is left
/// behind however the process ends. Pages are written through the file, not the mapping: a full disk is an exception, not a crash.
/// </remarks>
/// <param name="folder">Where the files are made.</param>
/// <param name="slotBytes">Bytes of a page.</param>
internal sealed class SpillFile(string folder, long slotBytes)
{
    private const long SegmentBytes = 256L << 20;
    private const long Alignment = 4096;

    private readonly Lock _lock = new();
    private readonly long _stride = (slotBytes + Alignment - 1) / Alignment * Alignment;
    private readonly Stack<SpillSlot> _free = new();
    private int _used;
    private bool _closed;

    /// <summary>Writes a page.</summary>
    /// <param name="page">Its bytes.</param>
    /// <exception cref="IOException">The disk is full or does not work.</exception>
    public SpillSlot Write(ReadOnlySpan<byte> page)
    {
        SpillSlot slot;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_free.Count == 0)
            {
                AddSegment();
            }

            slot = _free.Pop();
            _used++;
        }

        try
        {
            slot.Segment.Write(page, slot.Offset);
            return slot;
        }
        catch
        {
            Free(slot);
            throw;
        }
    }

    /// <summary>Gives a page's place to others.</summary>
    public void Free(SpillSlot slot)
    {
        lock (_lock)
        {
            _free.Push(slot);
            _used--;
            CloseIfUnused();
        }
    }

    /// <summary>Takes no more pages; the files go with the last page that lies in them.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            CloseIfUnused();
        }
    }

    private void AddSegment()
    {
        int slots = (int)Math.Max(1, SegmentBytes / _stride);
        SpillSegment segment = new(folder, slots * _stride);
        for (int i = slots - 1; i >= 0; i--)
        {
            _free.Push(new SpillSlot(segment, i * _stride));
        }
    }

    private void CloseIfUnused()
    {
        if (!_closed || _used > 0)
        {
            return;
        }

        foreach (SpillSegment segment in _free.Select(slot => slot.Segment).Distinct())
        {
            segment.Dispose();
        }

        _free.Clear();
    }
}
