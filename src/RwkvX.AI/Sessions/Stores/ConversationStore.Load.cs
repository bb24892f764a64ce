using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Opening: the index is compared with the files, what was complete but not yet in the index is taken up, what was cut short is finished or undone.</content>
internal sealed partial class ConversationStore
{
    private void Load()
    {
        StoreContents contents = _medium.Load();
        LoadProblems.AddRange(contents.Problems);
        _keepUnknownLogs = contents.KeepUnknownLogs;
        // A log starts after the one it continues: parents come first.
        foreach (ConversationRow row in contents.Conversations.OrderBy(row => row.Start)) LoadConversation(row);
        foreach (SnapshotRow row in contents.Snapshots)
        {
            if (_byId.TryGetValue(row.Conversation, out Conversation? conversation)) Register(conversation, row);
            else _medium.Commit([new RemoveSnapshot(row.Id)]);
        }

        foreach (Conversation conversation in _byId.Values.OrderBy(conversation => conversation.Start).ToList())
            if (!conversation.Row.Deleting) RollForward(conversation);
        AdoptStates();
        Removal removal = new();
        foreach (Conversation conversation in _byId.Values.Where(IsUnfinished).OrderByDescending(conversation => conversation.Start).ToList())
            if (_byId.ContainsKey(conversation.Id) && IsUnfinished(conversation)) Finish(conversation, removal);
        RemoveUnreferenced(exact: false);
    }

    private static bool IsUnfinished(Conversation conversation) =>
        conversation.Row.Deleting || (conversation.Row.Key is null && conversation.Children.Count == 0);

    private void LoadConversation(ConversationRow row)
    {
        Conversation? parent = null;
        if (row.Parent != Guid.Empty && !_byId.TryGetValue(row.Parent, out parent))
            LoadProblems.Add(new StoreProblem($"log {row.Id:n}", "log that it continues", $"{row.Parent:n}", "none"));
        if (row.Key is { } key && _byKey.ContainsKey(key))
        {
            LoadProblems.Add(new StoreProblem($"log {row.Id:n}", "key", "one of its own", key.ToString()));
            row = row with { Key = null };
        }

        Conversation conversation = new(row, parent);
        Register(conversation);
        if (row.Deleting && row.Key is { } deleted) _byKey.Remove(deleted);
    }

    /// <summary>Takes up appends that became durable but were not acknowledged, and cuts off what did not become whole.</summary>
    private void RollForward(Conversation conversation)
    {
        ConversationRow row = conversation.Row;
        long length = Math.Max(0, _medium.Length(BlobKind.Log, row.Id));
        if (length <= row.Extent.Bytes) return; // equal, or shorter: then said when it is opened
        string where = _medium.Name(BlobKind.Log, row.Id);
        LogMap map = new(row.Start, row.StartChain, row.StartCounts);
        StoreProblem? problem = LogFormat.Scan(_medium.ReadLog(row.Id, 0, checked((int)length)), 0, row, map, Cipher, where);
        if (map.End < row.Extent.Records || !map.ChainAt(row.Extent.Records).AsSpan().SequenceEqual(row.Extent.Chain)) return; // said when it is opened
        long end = LastBatchEnd(map, row);
        long bytes = end == row.Start ? 0 : map[end - 1].Offset + map[end - 1].Length;
        if (end > row.Extent.Records)
        {
            row = row with { Extent = new LogExtent(bytes, end, map.ChainAt(end), map.CountsAt(end)) };
            _medium.Commit([new PutConversation(row, HeadChanged: false)]);
            conversation.Row = row;
        }

        if (bytes == length) return;
        LoadProblems.Add(problem ?? new StoreProblem(where, "records of an append", "all of them", $"some, at {bytes}"));
        _medium.CutLog(row.Id, row.Extent.Bytes);
    }

    /// <summary>The last place where an append is whole; a deleted conversation's log may end within one.</summary>
    private static long LastBatchEnd(LogMap map, ConversationRow row)
    {
        long end = map.End;
        while (row.Key is not null && end > row.Extent.Records && (map[end - 1].Flags & RecordFormat.BatchEndFlag) == 0) end--;
        return end;
    }

    /// <summary>State files that the index does not know, but that fit a log: written just before a crash, or the index was made anew.</summary>
    private void AdoptStates()
    {
        HashSet<Guid> known = [.. _byId.Values.SelectMany(conversation => conversation.Snapshots).Select(row => row.Id)];
        foreach ((BlobKind kind, Guid id, _) in _medium.List())
        {
            if (kind != BlobKind.State || known.Contains(id) || TryReadState(id) is not { } row) continue;
            _medium.Commit([new PutSnapshot(row)]);
            Register(_byId[row.Conversation], row);
        }
    }

    private SnapshotRow? TryReadState(Guid id)
    {
        if (_medium.Open(BlobKind.State, id) is not { } blob) return null;
        try
        {
            string where = _medium.Name(BlobKind.State, id);
            SnapshotRow row = StateFormat.ReadHeader(blob.Slice(0, checked((int)blob.Length)), where, out StateBinding binding, out _);
            bool fits = row.Id == id && _byId.TryGetValue(row.Conversation, out Conversation? conversation) && conversation.Row.Binding == binding
                && row.Record > 0 && row.Record <= conversation.Row.Extent.Records && ChainAt(conversation, row.Record).AsSpan().SequenceEqual(row.Chain)
                && row.PageFiles.All(file => _medium.Length(BlobKind.Pages, file) > 0);
            return fits ? row : null;
        }
        catch (StateStoreException e) when (e is StateCorruptException or LostTurnException)
        {
            return null;
        }
        finally
        {
            blob.Release();
        }
    }

    /// <summary>(32) the chain at a place of a log or of one that it continues.</summary>
    private byte[] ChainAt(Conversation log, long position)
    {
        while (position <= log.Start && log.Parent is { } parent) log = parent;
        return Require(log, position).ChainAt(position);
    }
}
