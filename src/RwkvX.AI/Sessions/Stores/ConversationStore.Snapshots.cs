using System.Runtime.InteropServices;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Storing states: what is new goes into new files, what a state of the same history has already is referred to.</content>
internal sealed partial class ConversationStore
{
    private const int MaxRuns = 64;

    internal async ValueTask PutSnapshotAsync(Conversation conversation, StateSnapshot snapshot, LogPosition? at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        StateFormat.Validate(snapshot, nameof(snapshot));
        bool prune = await Shared(() => PutSnapshot(conversation, snapshot, at), cancellationToken).ConfigureAwait(false);
        if (prune) await Exclusive(() => RemoveSnapshots(conversation, Superfluous(conversation), exact: false), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Stores a state; true where older ones can go.</summary>
    private bool PutSnapshot(Conversation conversation, StateSnapshot snapshot, LogPosition? at)
    {
        List<LogRange> toHead = Path(conversation, conversation.Row.Extent.Records);
        long place = Resolve(conversation, toHead, at is { } position ? new OpenOptions { Position = position } : null);
        (Conversation? log, long record) = Canonical(conversation, place);
        long tokens = log is null ? 0 : Map(log).CountsAt(record).Tokens;
        if (tokens != snapshot.TokenCount)
            throw new ArgumentException($"snapshot: expected a state after {tokens} tokens, found one after {snapshot.TokenCount}", nameof(snapshot));
        if (log is null) return false; // an empty state needs no storing

        SnapshotRow row = new()
        {
            Id = Guid.NewGuid(),
            Conversation = conversation.Id,
            Record = record,
            Chain = Map(log).ChainAt(record),
            Tokens = tokens,
            Config = snapshot.Config,
            PageType = snapshot.PageType,
            Pages = [],
        };
        row = row with { Pages = StorePages(snapshot, Reusable(conversation, Path(conversation, record), snapshot)) };
        long bytes = _medium.Write(BlobKind.State, row.Id, stream => StateFormat.Write(stream, row, conversation.Row.Binding, snapshot, Cipher));
        row = row with { Bytes = bytes };
        _medium.Commit([new PutSnapshot(row)]);
        lock (_gate) Register(conversation, row);
        return conversation.Snapshots.Length > _options.SnapshotsKept;
    }

    /// <summary>(M) for each sparse layer, where its first full pages are stored already; as many as could be told to be the same.</summary>
    private List<PageRun>[] Reusable(Conversation conversation, List<LogRange> path, StateSnapshot snapshot)
    {
        RwkvXConfig config = snapshot.Config;
        List<PageRun>[] found = [.. Enumerable.Range(0, config.SparseLayerCount).Select(_ => new List<PageRun>())];
        (SnapshotRow? best, long common) = (null, 0);
        foreach (SnapshotRow candidate in SnapshotsOf(conversation))
        {
            if (candidate.Config != config || candidate.PageType != snapshot.PageType || Math.Min(candidate.Tokens, snapshot.TokenCount) <= common) continue;
            long shared = CommonTokens(path, Path(conversation, candidate.Record));
            if (shared > common) (best, common) = (candidate, shared);
        }

        for (int layer = 0; best is not null && layer < found.Length; layer++)
            found[layer] = SamePages(snapshot.SparseLayers[layer].Pages, best.Pages[layer], common / config.MobaChunkSize);
        return found;
    }

    /// <summary>The stored pages that equal the first ones at hand: of the same tokens, with the same means bit for bit.</summary>
    private List<PageRun> SamePages(IReadOnlyList<PageSnapshot> pages, PageRun[] stored, long limit)
    {
        List<PageRun> same = [];
        int chunk = 0;
        foreach (PageRun run in stored)
        {
            PageFile file;
            try { file = _pages.Get(run.File); }
            catch (StateCorruptException) { return same; } // stored anew
            if (file.IsDamaged) return same;
            int count = 0;
            while (count < run.Count && chunk < limit && run.Slot + count < file.Slots.Count && IsSame(pages[chunk], file, run.Slot + count))
            {
                count++;
                chunk++;
            }

            if (count > 0) same.Add(run with { Count = count });
            if (count < run.Count) return same;
        }

        return same;
    }

    private static bool IsSame(PageSnapshot page, PageFile file, int slot)
    {
        if (file.Slots[slot].Offset == 0) return false;
        if (MemoryMarshal.TryGetMemoryManager(page.Keys, out PageMemory? memory) && memory.File == file && memory.Slot == slot) return true;
        return MemoryMarshal.AsBytes(page.Mean!.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(file.Mean(slot)));
    }

    /// <summary>Writes the pages that are not stored yet; returns where all of them lie.</summary>
    private PageRun[][] StorePages(StateSnapshot snapshot, List<PageRun>[] found)
    {
        int full = (int)(snapshot.TokenCount / snapshot.Config.MobaChunkSize);
        foreach (List<PageRun> runs in found) MergeLast(runs, full);
        PageFileWriter writer = new(_medium, snapshot.Config, snapshot.PageType, Cipher);
        try
        {
            for (int layer = 0; layer < found.Length; layer++)
                for (int chunk = found[layer].Sum(run => run.Count); chunk < full; chunk++)
                    PageFileWriter.Extend(found[layer], writer.Add(layer, chunk, snapshot.SparseLayers[layer].Pages[chunk]));
            writer.Flush();
        }
        catch
        {
            writer.Undo();
            throw;
        }

        return [.. found.Select(runs => runs.ToArray())];
    }

    /// <summary>
    /// Gives up the last runs where there are many, so that their pages are written again as one: a thousand turns would otherwise
    /// leave a thousand small files. Each page is written a number of times that grows with the logarithm of the turns.
    /// </summary>
    private static void MergeLast(List<PageRun> runs, int pages)
    {
        int fresh = pages - runs.Sum(run => run.Count);
        while (fresh > 0 && runs.Count > MaxRuns && runs[^1].Count <= 2 * fresh)
        {
            fresh += runs[^1].Count;
            runs.RemoveAt(runs.Count - 1);
        }
    }

    /// <summary>The states that can go: all but the newest, and those from which labels, forks and the head are reached soonest.</summary>
    private List<SnapshotRow> Superfluous(Conversation conversation)
    {
        SnapshotRow[] own = conversation.Snapshots;
        HashSet<SnapshotRow> keep = [.. own.Reverse().DistinctBy(row => row.Record).Take(_options.SnapshotsKept)];
        foreach (long anchor in Anchors(conversation))
        {
            List<LogRange> path = Path(conversation, anchor);
            SnapshotRow? nearest = own.Reverse().Where(row => IsOn(path, row.Record)).MaxBy(row => row.Record);
            if (nearest is not null) keep.Add(nearest);
        }

        return [.. own.Where(row => !keep.Contains(row))];
    }

    /// <summary>Places that are likely to be opened: the head, labels on the way to it, places that were forked from.</summary>
    private HashSet<long> Anchors(Conversation conversation)
    {
        long head = conversation.Row.Extent.Records;
        HashSet<long> anchors = [head];
        foreach (LogRange range in Path(conversation, head))
        {
            LogMap map = Map(range.Log);
            for (long record = range.From; record < range.To; record++)
                if (map[record].Label is not null) anchors.Add(record + 1);
        }

        lock (_gate) anchors.UnionWith(conversation.Children.Select(child => child.Start));
        return anchors;
    }
}
