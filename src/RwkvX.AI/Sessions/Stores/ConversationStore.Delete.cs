using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Removing: first the index says that it goes, then the bytes go, then the index forgets it. An interrupted one is finished at the next opening.</content>
internal sealed partial class ConversationStore
{
    public async ValueTask<DeleteResult> DeleteAsync(ConversationKey key, LeaseMode mode, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ObjectDisposedException.ThrowIf(_disposed, this);
        Conversation conversation = await TakeLease(key, mode, cancellationToken).ConfigureAwait(false);
        try
        {
            return await Exclusive(() => Delete(conversation), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            conversation.Lease.Release();
        }
    }

    public async ValueTask<CollectResult> CollectAsync(CancellationToken cancellationToken)
    {
        List<Conversation> over;
        ObjectDisposedException.ThrowIf(_disposed, this);
        lock (_gate) over = [.. _byKey.Values.Where(conversation => IsOver(conversation.Row))];
        (int expired, long removed) = (0, 0);
        foreach (Conversation conversation in over)
        {
            if (!conversation.Lease.Wait(0, CancellationToken.None)) continue; // its writer finishes first
            try
            {
                removed += await Exclusive(() => IsOver(conversation.Row) && conversation.Row.Key is not null ? Delete(conversation).BytesRemoved : 0, cancellationToken).ConfigureAwait(false);
                expired++;
            }
            finally
            {
                conversation.Lease.Release();
            }
        }

        removed += await Exclusive(() => RemoveUnreferenced(exact: true), cancellationToken).ConfigureAwait(false);
        return new CollectResult(expired, removed);
    }

    private DeleteResult Delete(Conversation conversation)
    {
        ConversationRow row = conversation.Row with { Deleting = true };
        _medium.Commit([new PutConversation(row, HeadChanged: false)]);
        lock (_gate) _byKey.Remove(row.Key!.Value);
        conversation.Row = row;
        Removal removal = new();
        Finish(conversation, removal);
        _medium.Scrub();
        return new DeleteResult(removal.Removed, removal.Kept, removal.Pending);
    }

    /// <summary>Removes what nobody else needs of a conversation that is being deleted.</summary>
    private void Finish(Conversation conversation, Removal removal)
    {
        List<Conversation> children;
        lock (_gate) children = [.. conversation.Children];
        if (children.Count == 0)
        {
            RemoveWhole(conversation, removal);
            return;
        }

        Trim(conversation, children, removal);
    }

    private void RemoveWhole(Conversation conversation, Removal removal)
    {
        RemoveSnapshots(conversation, [.. conversation.Snapshots], exact: true, removal);
        removal.Count(_medium.Delete(BlobKind.Log, conversation.Id, overwrite: true));
        // The last fork of a deleted conversation takes its beginning along; one of several leaves only what the others need.
        Conversation? parent = conversation.Parent is { Row.Key: null } nameless ? nameless : null;
        List<IndexChange> changes = [new RemoveConversation(conversation.Id)];
        if (parent is not null) changes.Add(new PutConversation(parent.Row with { Deleting = true }, HeadChanged: false));
        _medium.Commit(changes);
        lock (_gate)
        {
            _byId.Remove(conversation.Id);
            conversation.Parent?.Children.Remove(conversation);
        }

        if (parent is null) return;
        parent.Row = parent.Row with { Deleting = true };
        Finish(parent, removal);
    }

    /// <summary>A deleted conversation has fewer forks, or forks that need less of it: what they do not need goes.</summary>
    private void FinishNameless(Conversation conversation, Removal removal)
    {
        ConversationRow row = conversation.Row with { Deleting = true };
        _medium.Commit([new PutConversation(row, HeadChanged: false)]);
        conversation.Row = row;
        Finish(conversation, removal);
    }

    /// <summary>Reduces a log to what its forks continue: later records go, and so does the data of records that are on no fork's way.</summary>
    private void Trim(Conversation conversation, List<Conversation> children, Removal removal)
    {
        ConversationRow row = conversation.Row with { Key = null, SharedWith = [], Expires = null, Deleting = false };
        try
        {
            row = row with { Extent = TrimLog(conversation, children, removal) };
        }
        catch (LostTurnException)
        {
            // The forks are damaged with it and say so when opened; without its name nothing more of it is reachable.
        }

        _medium.Commit([new PutConversation(row, HeadChanged: true)]);
        conversation.Row = row;
        conversation.Map = null;
        removal.Keep(row.Extent.Bytes + conversation.Snapshots.Sum(snapshot => snapshot.Bytes) + PageBytes(conversation.Snapshots));
    }

    private LogExtent TrimLog(Conversation conversation, List<Conversation> children, Removal removal)
    {
        List<List<LogRange>> paths = [.. children.Select(child => Path(conversation, child.Start))];
        List<SnapshotRow> unusable = [.. conversation.Snapshots.Where(row => !paths.Exists(path => path.Count > 0 && IsOn(path, row.Record)))];
        RemoveSnapshots(conversation, unusable, exact: true, removal);
        long end = children.Max(child => child.Start);
        LogMap map = Require(conversation, end);
        byte[] before = _medium.ReadLog(conversation.Id, 0, checked((int)Math.Max(0, _medium.Length(BlobKind.Log, conversation.Id))));
        FormatWriter trimmed = Trimmed(conversation, before, paths, end);
        if (!trimmed.Written.SequenceEqual(before)) _medium.Write(BlobKind.Log, conversation.Id, stream => stream.Write(trimmed.Written));
        removal.Count(before.Length - trimmed.Length);
        return new LogExtent(trimmed.Length, end, map.ChainAt(end), map.CountsAt(end));
    }

    private FormatWriter Trimmed(Conversation conversation, byte[] bytes, List<List<LogRange>> paths, long end)
    {
        LogMap map = Map(conversation);
        FormatWriter target = new();
        target.Bytes(bytes.AsSpan(0, (int)map[conversation.Start].Offset));
        for (long record = conversation.Start; record < end; record++)
        {
            LogEntry entry = map[record];
            ReadOnlySpan<byte> frame = bytes.AsSpan((int)entry.Offset, entry.Length);
            // Rewinds stay: they hold a number, and the ways of the forks are read off them.
            bool needed = entry.Target >= 0 || paths.Exists(path => path.Exists(range => range.Log == conversation && range.From <= record && record < range.To));
            if (needed) target.Bytes(frame);
            else LogFormat.WriteRedacted(target, entry, frame);
        }

        return target;
    }

    private static long PageBytes(IEnumerable<SnapshotRow> rows) => rows
        .SelectMany(row => Slots(row).Select(slot => (slot, Bytes: 2 * PageFormat.HalfBytes(row.Config, row.PageType))))
        .Distinct().Sum(entry => entry.Bytes);

    private long RemoveSnapshots(Conversation conversation, List<SnapshotRow> rows, bool exact)
    {
        Removal removal = new();
        RemoveSnapshots(conversation, rows, exact, removal);
        return removal.Removed;
    }

    /// <summary>Removes stored states, and of their pages those that no other state has.</summary>
    /// <param name="conversation">Whose they are.</param>
    /// <param name="rows">The states.</param>
    /// <param name="exact">Also remove single pages from files of which others are needed; otherwise that waits until half of a file can go, or for collection.</param>
    /// <param name="removal">Adds up.</param>
    private void RemoveSnapshots(Conversation conversation, List<SnapshotRow> rows, bool exact, Removal removal)
    {
        if (rows.Count == 0) return;
        HashSet<Guid> files = [.. rows.SelectMany(row => row.PageFiles)];
        _medium.Commit([.. rows.Select(row => new RemoveSnapshot(row.Id))]);
        lock (_gate)
        {
            conversation.Snapshots = [.. conversation.Snapshots.Except(rows)];
            foreach (SnapshotRow row in rows)
                foreach (Guid file in row.PageFiles)
                    if (_pageUsers.TryGetValue(file, out HashSet<SnapshotRow>? users) && users.Remove(row) && users.Count == 0) _pageUsers.Remove(file);
        }

        foreach (SnapshotRow row in rows) removal.Count(_medium.Delete(BlobKind.State, row.Id, overwrite: true));
        foreach (Guid file in files) removal.Count(ReleasePages(file, exact));
    }

    /// <summary>Removes a page file that no state refers to, or the pages of it that none refers to.</summary>
    private long ReleasePages(Guid id, bool exact)
    {
        if (!_pageUsers.TryGetValue(id, out HashSet<SnapshotRow>? users)) return _medium.Delete(BlobKind.Pages, id, overwrite: _pages.Drop(id));
        HashSet<int> live = [.. users.SelectMany(Slots).Where(slot => slot.File == id).Select(slot => slot.Slot)];
        PageFile file;
        try
        {
            file = _pages.Get(id);
            int gone = file.Slots.Where((slot, number) => slot.Offset != 0 && !live.Contains(number)).Count();
            if (gone == 0 || (!exact && gone < live.Count)) return 0;
            long before = file.Blob.Length;
            long after = _medium.Write(BlobKind.Pages, id, stream => PageFormat.Rewrite(stream, file, live, Cipher));
            _pages.Drop(id);
            return before - after;
        }
        catch (StateCorruptException)
        {
            return 0; // damaged: verification says so, and its states are passed over
        }
    }

    /// <summary>Removes what interrupted or imprecise removals left.</summary>
    private long RemoveUnreferenced(bool exact)
    {
        long removed = _medium.Sweep();
        HashSet<Guid> states = [.. _byId.Values.SelectMany(conversation => conversation.Snapshots).Select(row => row.Id)];
        foreach ((BlobKind kind, Guid id, _) in _medium.List())
        {
            bool unknown = kind switch
            {
                BlobKind.State => !states.Contains(id),
                BlobKind.Pages => !_pageUsers.ContainsKey(id),
                _ => !_keepUnknownLogs && !_byId.ContainsKey(id),
            };
            if (unknown) removed += Math.Max(0, _medium.Delete(kind, id, overwrite: kind != BlobKind.Pages || _pages.Drop(id)));
            else if (exact && kind == BlobKind.Pages) removed += ReleasePages(id, exact: true);
        }

        return removed;
    }

    /// <summary>Adds up what a removal did.</summary>
    private sealed class Removal
    {
        public long Removed { get; private set; }

        public long Pending { get; private set; }

        public long Kept { get; private set; }

        public void Count(long bytes)
        {
            if (bytes >= 0) Removed += bytes;
            else Pending -= bytes;
        }

        public void Keep(long bytes) => Kept += bytes;
    }
}
