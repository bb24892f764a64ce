using System.Runtime.InteropServices;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Storing states: what is new goes into new files, what a state of the same history has already is referred to.</content>
internal sealed partial class ConversationStore
{
    private const int MaxFilesPerLayer = 64;

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

    /// <summary>(M) for each sparse layer, (full pages) where each is stored already; null where it is not, or could not be told to be the same.</summary>
    private List<PageRun?[]> Reusable(Conversation conversation, List<LogRange> path, StateSnapshot snapshot)
    {
        RwkvXConfig config = snapshot.Config;
        (SnapshotRow? best, long common) = (null, 0);
        foreach (SnapshotRow candidate in SnapshotsOf(conversation))
        {
            if (candidate.Config != config || candidate.PageType != snapshot.PageType || Math.Min(candidate.Tokens, snapshot.TokenCount) <= common) continue;
            long shared = CommonTokens(path, Path(conversation, candidate.Record));
            if (shared > common) (best, common) = (candidate, shared);
        }

        List<PageRun?[]> found = [];
        for (int layer = 0; layer < config.SparseLayerCount; layer++)
        {
            PageRun?[] places = new PageRun?[snapshot.TokenCount / config.MobaChunkSize];
            if (best is not null) FindSame(snapshot.SparseLayers[layer].Pages, best.Pages[layer], places.AsSpan(0, (int)(common / config.MobaChunkSize)));
            found.Add(places);
        }

        return found;
    }

    /// <summary>Finds the stored pages that equal those at hand: of the same tokens, with the same means bit for bit.</summary>
    private void FindSame(IReadOnlyList<PageSnapshot> pages, PageRun[] stored, Span<PageRun?> places)
    {
        int chunk = 0;
        foreach (PageRun run in stored)
        {
            PageFile? file = run.IsDropped ? null : TryOpen(run.File);
            for (int slot = run.Slot; slot < run.Slot + run.Count && chunk < places.Length; slot++, chunk++)
            {
                if (file is not null && slot < file.Slots.Count && !pages[chunk].IsDropped && IsSame(pages[chunk], file, slot)) places[chunk] = new PageRun(run.File, slot, 1);
            }
        }
    }

    /// <summary>A page file; null where it is damaged, so that its pages are stored anew.</summary>
    private PageFile? TryOpen(Guid id)
    {
        try
        {
            PageFile file = _pages.Get(id);
            return file.IsDamaged ? null : file;
        }
        catch (StateCorruptException)
        {
            return null;
        }
    }

    private static bool IsSame(PageSnapshot page, PageFile file, int slot)
    {
        if (file.Slots[slot].Offset == 0) return false;
        if (MemoryMarshal.TryGetMemoryManager(page.Keys, out PageMemory? memory) && memory.File == file && memory.Slot == slot) return true;
        return MemoryMarshal.AsBytes(page.Mean!.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(file.Mean(slot)));
    }

    /// <summary>Writes the pages that are not stored yet; returns where all of them lie.</summary>
    private PageRun[][] StorePages(StateSnapshot snapshot, List<PageRun?[]> found)
    {
        PageFileWriter writer = new(_medium, snapshot.Config, snapshot.PageType, Cipher);
        PageRun[][] stored = new PageRun[found.Count][];
        try
        {
            for (int layer = 0; layer < stored.Length; layer++)
            {
                IReadOnlyList<PageSnapshot> pages = snapshot.SparseLayers[layer].Pages;
                MergeLast(found[layer], pages);
                List<PageRun> runs = [];
                for (int chunk = 0; chunk < found[layer].Length; chunk++)
                    PageFileWriter.Extend(runs, pages[chunk].IsDropped ? PageRun.Dropped(1) : found[layer][chunk] ?? writer.Add(layer, chunk, pages[chunk]));
                stored[layer] = [.. runs];
            }

            writer.Flush();
        }
        catch
        {
            writer.Undo();
            throw;
        }

        return stored;
    }

    /// <summary>
    /// Gives up the last files where there are many, so that their pages are written again as one: a thousand turns would otherwise
    /// leave a thousand small files. Each page is written a number of times that grows with the logarithm of the turns.
    /// </summary>
    private static void MergeLast(PageRun?[] places, IReadOnlyList<PageSnapshot> pages)
    {
        int fresh = Enumerable.Range(0, places.Length).Count(chunk => places[chunk] is null && !pages[chunk].IsDropped);
        if (fresh == 0) return;
        Dictionary<Guid, int> counts = [];
        List<Guid> files = []; // as their first pages come
        foreach (PageRun? place in places)
        {
            if (place is not { } run) continue;
            if (!counts.ContainsKey(run.File)) files.Add(run.File);
            counts[run.File] = counts.GetValueOrDefault(run.File) + 1;
        }

        while (files.Count > MaxFilesPerLayer && counts[files[^1]] <= 2 * fresh)
        {
            for (int chunk = 0; chunk < places.Length; chunk++)
                if (places[chunk]?.File == files[^1]) places[chunk] = null;
            fresh += counts[files[^1]];
            files.RemoveAt(files.Count - 1);
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
