using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Opening, reading and measuring.</content>
internal sealed partial class ConversationStore
{
    public ValueTask<StoredState> OpenAsync(ConversationKey key, StateBinding binding, OpenOptions? options, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ArgumentNullException.ThrowIfNull(binding);
        return new ValueTask<StoredState>(Shared(() =>
        {
            Conversation conversation = Find(key);
            RequireBinding(conversation, binding);
            long head = conversation.Row.Extent.Records;
            long place = Resolve(conversation, Path(conversation, head), options);
            return Open(conversation, key, place, options);
        }, cancellationToken));
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        return new ValueTask<IReadOnlyList<LogRecord>>(Shared<IReadOnlyList<LogRecord>>(() =>
        {
            Conversation conversation = Find(key);
            return ReadRecords(Path(conversation, conversation.Row.Extent.Records), 0);
        }, cancellationToken));
    }

    public ValueTask<ConversationStats> StatAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        return new ValueTask<ConversationStats>(Shared(() => Measure(Find(key)), cancellationToken));
    }

    private StoredState Open(Conversation conversation, ConversationKey key, long place, OpenOptions? options)
    {
        List<LogRange> path = Path(conversation, place);
        List<StoreProblem> problems = [];
        StateLease lease = new();
        try
        {
            (StateSnapshot? snapshot, long from) = options is { UseSnapshot: false }
                ? (null, 0)
                : Nearest(conversation, path, lease, problems, options?.VerifyPages ?? false);
            return new StoredState(key, conversation.Row.Binding, new LogPosition(place, TokensAt(path)), lease)
            {
                Place = PlaceOf(path),
                Snapshot = snapshot,
                SnapshotPosition = new LogPosition(from, snapshot?.TokenCount ?? 0),
                Records = ReadRecords(path, from),
                Problems = problems,
            };
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private long TokensAt(List<LogRange> path) => path.Count == 0 ? 0 : Map(path[^1].Log).CountsAt(path[^1].To).Tokens;

    /// <summary>The stored state with the fewest records left to the place; damaged ones are noted and passed over.</summary>
    private (StateSnapshot? Snapshot, long Record) Nearest(
        Conversation conversation, List<LogRange> path, StateLease lease, List<StoreProblem> problems, bool verifyPages)
    {
        IEnumerable<SnapshotRow> usable = SnapshotsOf(conversation).Where(row => IsOn(path, row.Record));
        foreach (SnapshotRow row in usable.OrderByDescending(row => row.Record).ToList())
        {
            try
            {
                LogRange range = path.Find(range => range.From < row.Record && row.Record <= range.To);
                return (Load(row, Map(range.Log).ChainAt(row.Record), conversation.Row.Binding, lease, verifyPages), row.Record);
            }
            catch (StateCorruptException e)
            {
                problems.Add(e.Problem);
            }
        }

        return (null, 0);
    }

    /// <summary>Reads a stored state; its full pages stay where they are.</summary>
    private StateSnapshot Load(SnapshotRow row, ReadOnlySpan<byte> chain, StateBinding binding, StateLease lease, bool verifyPages)
    {
        string where = _medium.Name(BlobKind.State, row.Id);
        Blob blob = _medium.Open(BlobKind.State, row.Id) ?? throw new StateCorruptException(where, "state file", "one", "none");
        try
        {
            ReadOnlySpan<byte> bytes = blob.Slice(0, checked((int)blob.Length));
            SnapshotRow header = StateFormat.ReadHeader(bytes, where, out StateBinding found, out int at);
            RequireSame(row, header, chain, binding, found, where);
            List<IReadOnlyList<PageSnapshot>> pages = [.. header.Pages.Select((runs, layer) => LoadPages(header, layer, runs, lease, verifyPages))];
            StateSnapshot snapshot = StateFormat.ReadLayers(bytes, ref at, header, pages, Cipher, where, lease);
            if (at != bytes.Length) throw new StateCorruptException(where, "end", "no more bytes", bytes.Length - at);
            return snapshot;
        }
        finally
        {
            blob.Release();
        }
    }

    private static void RequireSame(SnapshotRow row, SnapshotRow header, ReadOnlySpan<byte> chain, StateBinding binding, StateBinding found, string where)
    {
        if (header.Id != row.Id) throw new StateCorruptException(where, "id", row.Id, header.Id);
        if (found != binding) throw new StateCorruptException(where, "binding", binding, found);
        if (header.Record != row.Record || header.Tokens != row.Tokens)
            throw new StateCorruptException(where, "place", $"record {row.Record}, token {row.Tokens}", $"record {header.Record}, token {header.Tokens}");
        if (!header.Chain.AsSpan().SequenceEqual(chain)) throw new StateCorruptException(where, "chain", Convert.ToHexString(chain), Convert.ToHexString(header.Chain));
    }

    private List<PageSnapshot> LoadPages(SnapshotRow row, int layer, PageRun[] runs, StateLease lease, bool verify)
    {
        List<PageSnapshot> pages = [];
        foreach (PageRun run in runs)
        {
            if (run.IsDropped)
            {
                pages.AddRange(Enumerable.Repeat(PageSnapshot.Dropped(row.Config.MobaChunkSize), run.Count));
                continue;
            }

            PageFile file = _pages.Get(run.File);
            string where = _medium.Name(BlobKind.Pages, run.File);
            if (file.IsDamaged) throw new StateCorruptException(where, "pages", "whole ones", "a page that was found damaged");
            if (file.Config != row.Config || file.PageType != row.PageType) throw new StateCorruptException(where, "configuration", row.Config, file.Config);
            if (!lease.TryHold(file)) throw new StateCorruptException(where, "page file", "one", "one being removed");
            for (int slot = run.Slot; slot < run.Slot + run.Count; slot++) pages.Add(LoadPage(file, slot, layer, pages.Count, where, lease, verify));
        }

        return pages;
    }

    private static PageSnapshot LoadPage(PageFile file, int slot, int layer, int chunk, string where, StateLease lease, bool verify)
    {
        if (slot >= file.Slots.Count) throw new StateCorruptException(where, "slot", $"below {file.Slots.Count}", slot);
        PageSlot entry = file.Slots[slot];
        if (entry.Offset == 0 || entry.Layer != layer || entry.Chunk != chunk)
            throw new StateCorruptException(where, $"slot {slot}", $"layer {layer}, chunk {chunk}", entry.Offset == 0 ? "a removed page" : $"layer {entry.Layer}, chunk {entry.Chunk}");
        if (verify) file.Read(slot);
        return new PageSnapshot(
            file.Config.MobaChunkSize, new PageMemory(file, slot, values: false, lease).Memory, new PageMemory(file, slot, values: true, lease).Memory, file.Mean(slot).ToArray());
    }

    /// <summary>The records on a way, after the first <paramref name="from"/> ones; rewinds are no part of it.</summary>
    private List<LogRecord> ReadRecords(List<LogRange> path, long from)
    {
        List<LogRecord> records = [];
        foreach (LogRange range in path)
        {
            long first = Math.Max(range.From, from);
            if (first >= range.To) continue;
            LogMap map = Require(range.Log, range.To);
            long start = map[first].Offset;
            LogEntry last = map[range.To - 1];
            string where = _medium.Name(BlobKind.Log, range.Log.Id);
            byte[] bytes = _medium.ReadLog(range.Log.Id, start, checked((int)(last.Offset + last.Length - start)));
            for (long record = first; record < range.To; record++)
            {
                LogEntry entry = map[record];
                int at = (int)(entry.Offset - start);
                if (at + entry.Length > bytes.Length) throw new StateCorruptException(where, $"record {record}", $"{entry.Length} bytes", Math.Max(0, bytes.Length - at));
                records.Add(LogFormat.ReadRecord(bytes.AsSpan(at, entry.Length), record, range.Log.Id, Cipher, where));
            }
        }

        return records;
    }

    private ConversationStats Measure(Conversation conversation)
    {
        List<LogRange> path = Path(conversation, conversation.Row.Extent.Records);
        List<SnapshotRow> states = [.. SnapshotsOf(conversation).Where(row => IsOn(path, row.Record)).OrderBy(row => row.Record)];
        (long logBytes, long sharedLog) = MeasureLogs(conversation, path);
        (long pageBytes, long sharedPages) = MeasurePages(conversation, states);
        DropTotal? dropped = Dropped(path);
        return new ConversationStats(Info(conversation.Row))
        {
            Place = PlaceOf(path),
            Checkpoints = Checkpoints(path),
            Snapshots = [.. states.Select(row => new LogPosition(row.Record, row.Tokens))],
            LogBytes = logBytes,
            StateBytes = states.Sum(row => row.Bytes),
            PageBytes = pageBytes,
            SharedBytes = sharedLog + sharedPages + states.Where(row => row.Conversation != conversation.Id).Sum(row => row.Bytes),
            DroppedPages = dropped?.Pages ?? 0,
            DroppedBytes = dropped?.Bytes ?? 0,
            DropBudget = dropped?.Budget,
        };
    }

    /// <summary>What was dropped on a way; null for nothing.</summary>
    private DropTotal? Dropped(List<LogRange> path)
    {
        DropTotal? total = null;
        foreach (LogRange range in path)
        {
            LogMap map = Map(range.Log);
            for (long record = range.From; record < range.To; record++)
                if (map[record].Dropped is { } drop) total = total?.Plus(drop) ?? drop;
        }

        return total;
    }

    private List<CheckpointInfo> Checkpoints(List<LogRange> path)
    {
        Dictionary<string, LogPosition> latest = [];
        foreach (LogRange range in path)
        {
            LogMap map = Map(range.Log);
            for (long record = range.From; record < range.To; record++)
                if (map[record].Label is { } label) latest[label] = new LogPosition(record + 1, map.CountsAt(record + 1).Tokens);
        }

        return [.. latest.OrderBy(entry => entry.Value.Record).Select(entry => new CheckpointInfo(entry.Key, entry.Value))];
    }

    private (long Bytes, long Shared) MeasureLogs(Conversation conversation, List<LogRange> path)
    {
        long shared = 0;
        foreach (LogRange range in path.Where(range => range.Log != conversation))
        {
            LogMap map = Map(range.Log);
            shared += map[range.To - 1].Offset + map[range.To - 1].Length - map[range.From].Offset;
        }

        long forked;
        lock (_gate) forked = conversation.Children.Count == 0 ? conversation.Start : conversation.Children.Max(child => child.Start);
        long own = forked > conversation.Start ? Map(conversation)[forked - 1].Offset + Map(conversation)[forked - 1].Length : 0;
        return (shared + conversation.Row.Extent.Bytes, shared + own);
    }

    private (long Bytes, long Shared) MeasurePages(Conversation conversation, List<SnapshotRow> states)
    {
        HashSet<(Guid, int)> mine = [.. states.SelectMany(Slots)];
        HashSet<(Guid, int)> others = [];
        lock (_gate)
        {
            foreach (Guid file in mine.Select(slot => slot.Item1).Distinct())
                if (_pageUsers.TryGetValue(file, out HashSet<SnapshotRow>? users))
                    others.UnionWith(users.Where(row => row.Conversation != conversation.Id).SelectMany(Slots));
        }

        long each = states.Count == 0 ? 0 : (2 * PageFormat.HalfBytes(states[0].Config, states[0].PageType)) + (4L * states[0].Config.EmbeddingSize);
        return (mine.Count * each, mine.Count(others.Contains) * each);
    }

    private static IEnumerable<(Guid File, int Slot)> Slots(SnapshotRow row) =>
        row.Pages.SelectMany(runs => runs).Where(run => !run.IsDropped).SelectMany(run => Enumerable.Range(run.Slot, run.Count).Select(slot => (run.File, slot)));
}
