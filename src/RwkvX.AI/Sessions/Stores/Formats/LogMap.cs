namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>What a log holds, record by record. Thread-safe.</summary>
/// <param name="start">Records before this log's first one: those of what it was forked from.</param>
/// <param name="chain">(32) the chain there.</param>
/// <param name="counts">What lies on the way there.</param>
internal sealed class LogMap(long start, byte[] chain, LogCounts counts)
{
    private readonly Lock _lock = new();
    private readonly List<LogEntry> _entries = [];
    private readonly List<long> _rewinds = []; // record numbers, ascending

    public long Start => start;

    /// <summary>Bytes of the file that hold the header and these records.</summary>
    public long Bytes { get; set; }

    public long End
    {
        get { lock (_lock) return start + _entries.Count; }
    }

    public LogEntry this[long record]
    {
        get { lock (_lock) return _entries[(int)(record - start)]; }
    }

    /// <summary>(32) the chain after the first <paramref name="position"/> records.</summary>
    public byte[] ChainAt(long position)
    {
        lock (_lock) return position == start ? chain : _entries[(int)(position - start - 1)].Chain;
    }

    public LogCounts CountsAt(long position)
    {
        lock (_lock) return position == start ? counts : _entries[(int)(position - start - 1)].Counts;
    }

    /// <summary>The last rewind before a place; −1 where there is none.</summary>
    public long LastRewindBefore(long position)
    {
        lock (_lock)
        {
            int at = _rewinds.BinarySearch(position);
            if (at < 0) at = ~at;
            return at == 0 ? -1 : _rewinds[at - 1];
        }
    }

    public void Add(LogEntry entry)
    {
        lock (_lock)
        {
            if (entry.Target >= 0) _rewinds.Add(start + _entries.Count);
            _entries.Add(entry);
            Bytes = entry.Offset + entry.Length;
        }
    }

    /// <summary>Forgets the records from a place on.</summary>
    public void CutTo(long position, long bytes)
    {
        lock (_lock)
        {
            _entries.RemoveRange((int)(position - start), (int)(start + _entries.Count - position));
            _rewinds.RemoveAll(record => record >= position);
            Bytes = bytes;
        }
    }
}
