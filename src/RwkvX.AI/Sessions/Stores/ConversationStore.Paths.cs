using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>The tree of records: forks continue another log, rewinds continue an earlier record of the same one.</content>
internal sealed partial class ConversationStore
{
    private const int MaxMaps = 256;
    private readonly Queue<Conversation> _mapped = new();

    /// <summary>What the log holds, read and checked at first use as far as it is whole.</summary>
    private LogMap Map(Conversation log)
    {
        lock (log.Sync)
        {
            if (log.Map is { } known) return known;
            ConversationRow row = log.Row;
            LogMap map = new(row.Start, row.StartChain, row.StartCounts);
            log.Damage = row.Extent.Bytes == 0 ? null : ReadLog(log, row, ref map);
            log.Map = map;
            Remember(log);
            return map;
        }
    }

    private StoreProblem? ReadLog(Conversation log, ConversationRow row, ref LogMap map)
    {
        LogExtent extent = row.Extent;
        string where = _medium.Name(BlobKind.Log, row.Id);
        byte[] bytes = _medium.ReadLog(row.Id, 0, checked((int)extent.Bytes));
        StoreProblem? problem = LogFormat.Scan(bytes, 0, row, map, Cipher, where);
        if (bytes.Length < extent.Bytes) problem ??= new StoreProblem(where, "file length", $"{extent.Bytes}", $"{bytes.Length}");
        if (problem is not null || map.End < extent.Records) return problem ?? new StoreProblem(where, "records", $"{extent.Records}", $"{map.End}");
        if (map.ChainAt(extent.Records).AsSpan().SequenceEqual(extent.Chain)) return null;
        map = new LogMap(row.Start, row.StartChain, row.StartCounts); // whole, but not what was acknowledged: none of it is trusted
        return new StoreProblem(where, "chain", Convert.ToHexString(extent.Chain), "another");
    }

    private void Remember(Conversation log)
    {
        lock (_mapped)
        {
            _mapped.Enqueue(log);
            if (_mapped.Count > MaxMaps) _mapped.Dequeue().Map = null;
        }
    }

    /// <summary>The map of a log that must be whole up to a place.</summary>
    /// <exception cref="LostTurnException">It is not.</exception>
    private LogMap Require(Conversation log, long position)
    {
        LogMap map = Map(log);
        if (map.End >= position) return map;
        StoreProblem problem = log.Damage ?? new StoreProblem(_medium.Name(BlobKind.Log, log.Id), "records", $"{position}", $"{map.End}");
        // The log's id, not its key: a fork may ask, and the key may be another tenant's.
        throw new LostTurnException($"log {log.Id:n}", Math.Max(log.Row.Extent.Records, position), map.End, problem);
    }

    /// <summary>The records on the way to a place, in order.</summary>
    private List<LogRange> Path(Conversation log, long position)
    {
        List<LogRange> ranges = [];
        while (position > 0)
        {
            if (position <= log.Start)
            {
                log = ParentOf(log);
                continue;
            }

            LogMap map = Require(log, position);
            long rewind = map.LastRewindBefore(position);
            if (rewind == position - 1)
            {
                position = map[rewind].Target;
                continue;
            }

            long from = rewind < 0 ? log.Start : rewind + 1;
            ranges.Add(new LogRange(log, from, position));
            position = from;
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>The log that a log continues, whole up to there and still the same: it may have lost its end since, and gone another way.</summary>
    private Conversation ParentOf(Conversation log)
    {
        Conversation parent = log.Parent ?? throw new StateCorruptException($"log {log.Id:n}", "log that it continues", "one", "none");
        if (Require(parent, log.Start).ChainAt(log.Start).AsSpan().SequenceEqual(log.Row.StartChain)) return parent;
        StoreProblem problem = new(_medium.Name(BlobKind.Log, parent.Id), $"chain at record {log.Start}", Convert.ToHexString(log.Row.StartChain), "another");
        throw new LostTurnException($"log {log.Id:n}", log.Start, 0, problem);
    }

    /// <summary>The same place without rewinds right before it, and the log that holds the record before it; no log at the beginning.</summary>
    private (Conversation? Log, long Position) Canonical(Conversation log, long position)
    {
        List<LogRange> path = Path(log, position);
        return path.Count == 0 ? (null, 0) : (path[^1].Log, path[^1].To);
    }

    private static LogPlace PlaceOf(List<LogRange> path) => path.Count == 0 ? default : new LogPlace(path[^1].Log.Id, path[^1].To);

    private static bool IsOn(List<LogRange> path, long position) =>
        position == 0 || path.Exists(range => range.From < position && position <= range.To);

    /// <summary>Tokens up to where two ways part.</summary>
    private long CommonTokens(List<LogRange> a, List<LogRange> b)
    {
        long tokens = 0;
        for (int i = 0; i < Math.Min(a.Count, b.Count) && a[i].Log == b[i].Log && a[i].From == b[i].From; i++)
        {
            tokens = Map(a[i].Log).CountsAt(Math.Min(a[i].To, b[i].To)).Tokens;
            if (a[i].To != b[i].To) break;
        }

        return tokens;
    }

    /// <summary>The place that options ask for; it must be on the way to the head.</summary>
    private long Resolve(Conversation log, List<LogRange> toHead, OpenOptions? options)
    {
        if (options?.Checkpoint is { } label) return FindLabel(log, toHead, label);
        if (options?.Position is not { } position) return log.Row.Extent.Records;
        if (position.Record == log.Row.Extent.Records) return position.Record;
        if (position.Record < 0 || position.Record > log.Row.Extent.Records || !IsOn(toHead, Canonical(log, position.Record).Position))
            throw new ArgumentException($"{log}: position: expected one on the way to the head, found record {position.Record}", nameof(options));
        return position.Record;
    }

    private long FindLabel(Conversation log, List<LogRange> toHead, string label)
    {
        for (int i = toHead.Count - 1; i >= 0; i--)
        {
            LogMap map = Map(toHead[i].Log);
            for (long record = toHead[i].To - 1; record >= toHead[i].From; record--)
                if (map[record].Label == label) return record + 1;
        }

        throw new ConversationNotFoundException(log.Row.Key!.Value, label);
    }

    /// <summary>The stored states of a way, those of the logs that it continues included.</summary>
    private static IEnumerable<SnapshotRow> SnapshotsOf(Conversation log)
    {
        long limit = long.MaxValue;
        for (Conversation? at = log; at is not null; at = at.Parent)
        {
            foreach (SnapshotRow snapshot in at.Snapshots)
                if (snapshot.Record <= limit) yield return snapshot;
            limit = Math.Min(limit, at.Start);
        }
    }
}
