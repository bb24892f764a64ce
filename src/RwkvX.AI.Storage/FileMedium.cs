using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Storage;

/// <summary>A store's bytes on disk: the folder of files, the journal of heads, the index.</summary>
internal sealed class FileMedium : IStoreMedium
{
    private readonly StoreLock _lock;
    private readonly StoreFolder _folder;
    private readonly HeadJournal _heads;
    private readonly SqliteIndex _index;
    private readonly bool _rebuild;
    private readonly Lock _queueLock = new();
    private readonly Lock _commitLock = new();
    private List<PendingCommit> _queue = [];

    public FileMedium(FileStateStoreOptions options, bool rebuild)
    {
        string root = Path.GetFullPath(options.Root);
        Directory.CreateDirectory(root);
        _rebuild = rebuild;
        _lock = new StoreLock(root);
        HeadJournal? heads = null;
        try
        {
            _folder = new StoreFolder(root, options.OverwriteRemoved);
            if (rebuild) RemoveIndex(root);
            bool isNew = !File.Exists(Path.Combine(root, HeadJournal.FileName));
            // The index comes first: a journal without one then always means that the index was lost.
            _index = new SqliteIndex(root, create: isNew || rebuild);
            heads = _heads = new HeadJournal(root);
        }
        catch
        {
            heads?.Dispose();
            _index?.Dispose();
            _lock.Dispose();
            throw;
        }
    }

    public string Name(BlobKind kind, Guid id) => StoreFolder.Name(kind, id);

    public StoreContents Load()
    {
        Dictionary<Guid, ConversationRow> rows = _index.Conversations().ToDictionary(row => row.Id);
        Dictionary<Guid, ConversationRow> heads = _heads.Load();
        bool damaged = _heads.IsDamaged;
        List<StoreProblem> problems = [];
        if (damaged && _rebuild) problems.Add(new StoreProblem(HeadJournal.FileName, "heads", "whole ones", "some that cannot be read"));

        // In the journal alone: made just before a crash, or the index is behind. In the index alone, or another: the index is right.
        List<ConversationRow> adopted = [.. heads.Values.Where(head => !rows.ContainsKey(head.Id))];
        if (adopted.Count > 0) _index.Commit(adopted.Select(row => new PutConversation(row, HeadChanged: false)));
        List<ConversationRow> stale = [.. rows.Values.Where(row => !row.Deleting && !IsSameHead(row, heads))];
        if (stale.Count > 0) _heads.Erase(_heads.Append(stale));
        ConversationRow[] all = [.. rows.Values, .. adopted];
        _heads.Compact(all);
        return new StoreContents(all, _index.Snapshots(), problems, KeepUnknownLogs: damaged || _rebuild);
    }

    /// <summary>Whoever finds nobody committing takes all that wait along: many callers, one flush.</summary>
    public void Commit(IReadOnlyList<IndexChange> changes)
    {
        PendingCommit pending = new(changes);
        lock (_queueLock) _queue.Add(pending);
        lock (_commitLock)
        {
            if (!pending.IsDone) CommitQueue();
        }

        pending.ThrowIfFailed();
    }

    public void Scrub()
    {
        lock (_commitLock) _index.Scrub();
    }

    public IReadOnlyList<(BlobKind Kind, Guid Id, long Length)> List() => _folder.List();

    public long Length(BlobKind kind, Guid id) => _folder.Length(kind, id);

    public Blob? Open(BlobKind kind, Guid id) => _folder.Open(kind, id);

    public byte[] ReadLog(Guid id, long offset, int length) => _folder.Read(BlobKind.Log, id, offset, length);

    public void AppendLog(Guid id, long offset, ReadOnlySpan<byte> bytes) => _folder.Append(BlobKind.Log, id, offset, bytes);

    public void CutLog(Guid id, long length) => _folder.Cut(BlobKind.Log, id, length);

    public long Write(BlobKind kind, Guid id, Action<Stream> write) => _folder.Write(kind, id, write);

    public long Delete(BlobKind kind, Guid id, bool overwrite) => _folder.Delete(kind, id, overwrite);

    public long Sweep() => _folder.Sweep();

    public IReadOnlyList<StoreProblem> Check(IReadOnlyList<ConversationRow> conversations)
    {
        lock (_commitLock)
        {
            List<StoreProblem> problems = [];
            if (_index.FullCheck() is { } found) problems.Add(new StoreProblem(SqliteIndex.FileName, "integrity_check", "ok", found));
            try
            {
                Dictionary<Guid, ConversationRow> rows = _index.Conversations().ToDictionary(row => row.Id);
                foreach (ConversationRow row in conversations)
                {
                    bool same = rows.TryGetValue(row.Id, out ConversationRow? stored) && RowFormat.EncodeHead(stored).AsSpan().SequenceEqual(RowFormat.EncodeHead(row))
                        && RowFormat.EncodeExtent(stored.Extent).AsSpan().SequenceEqual(RowFormat.EncodeExtent(row.Extent));
                    if (!same) problems.Add(new StoreProblem(SqliteIndex.FileName, $"row {row.Id:n}", "as in use", stored is null ? "none" : "another"));
                }

                if (rows.Count != conversations.Count) problems.Add(new StoreProblem(SqliteIndex.FileName, "conversations", $"{conversations.Count}", $"{rows.Count}"));
            }
            catch (StateCorruptException e)
            {
                problems.Add(e.Problem);
            }

            CheckHeads(conversations, problems);
            return problems;
        }
    }

    public void Dispose()
    {
        _heads.Dispose();
        _index.Dispose();
        _lock.Dispose();
    }

    private void CheckHeads(IReadOnlyList<ConversationRow> conversations, List<StoreProblem> problems)
    {
        Dictionary<Guid, ConversationRow> heads = _heads.Load();
        if (_heads.IsDamaged) problems.Add(new StoreProblem(HeadJournal.FileName, "heads", "whole ones", "some that cannot be read"));
        foreach (ConversationRow row in conversations)
            if (!IsSameHead(row, heads)) problems.Add(new StoreProblem(HeadJournal.FileName, $"head {row.Id:n}", "as in the index", "none or another"));
        if (heads.Count != conversations.Count) problems.Add(new StoreProblem(HeadJournal.FileName, "heads", $"{conversations.Count}", $"{heads.Count}"));
    }

    private static bool IsSameHead(ConversationRow row, Dictionary<Guid, ConversationRow> heads) =>
        heads.TryGetValue(row.Id, out ConversationRow? head) && RowFormat.EncodeHead(head).AsSpan().SequenceEqual(RowFormat.EncodeHead(row));

    private void CommitQueue()
    {
        List<PendingCommit> taken;
        lock (_queueLock) (taken, _queue) = (_queue, []);
        Exception? error = null;
        try
        {
            Apply([.. taken.SelectMany(pending => pending.Changes)]);
        }
        catch (Exception e)
        {
            error = e;
        }

        foreach (PendingCommit pending in taken) pending.Complete(error);
    }

    /// <summary>
    /// New heads before the index, since the index is what acknowledges; removed ones too, since a head without a row would be taken
    /// up again; replaced ones after it.
    /// </summary>
    private void Apply(List<IndexChange> changes)
    {
        List<ConversationRow> heads = [.. changes.OfType<PutConversation>().Where(change => change.HeadChanged).Select(change => change.Row)];
        List<(long, int)> replaced = heads.Count > 0 ? _heads.Append(heads) : [];
        _heads.Erase([.. changes.OfType<RemoveConversation>().SelectMany(change => _heads.Forget(change.Id))]);
        _index.Commit(changes);
        _heads.Erase(replaced);
    }

    private static void RemoveIndex(string root)
    {
        foreach (string suffix in (ReadOnlySpan<string>)["", "-wal", "-shm", "-journal"]) File.Delete(Path.Combine(root, SqliteIndex.FileName + suffix));
        DirectoryFlush.Flush(root);
    }
}
