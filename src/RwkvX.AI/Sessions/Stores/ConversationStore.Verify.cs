using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Checking everything, and giving up what is lost.</content>
internal sealed partial class ConversationStore
{
    public ValueTask<IReadOnlyList<StoreProblem>> VerifyAsync(CancellationToken cancellationToken) =>
        new(Exclusive<IReadOnlyList<StoreProblem>>(() => Verify(cancellationToken), cancellationToken));

    public async ValueTask<RecoverResult> RecoverAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ObjectDisposedException.ThrowIf(_disposed, this);
        Conversation conversation = await TakeLease(key, LeaseMode.Wait, cancellationToken).ConfigureAwait(false);
        try
        {
            return await Exclusive(() => Recover(conversation), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            conversation.Lease.Release();
        }
    }

    private List<StoreProblem> Verify(CancellationToken cancellationToken)
    {
        List<Conversation> all;
        lock (_gate) all = [.. _byId.Values.OrderBy(conversation => conversation.Start)];
        List<StoreProblem> problems = [.. _medium.Check([.. all.Select(conversation => conversation.Row)])];
        foreach (Conversation conversation in all)
        {
            cancellationToken.ThrowIfCancellationRequested();
            VerifyLog(conversation, problems);
        }

        _pages.Clear(); // opened and checked again
        foreach (Conversation conversation in all)
        {
            foreach (SnapshotRow row in conversation.Snapshots)
            {
                cancellationToken.ThrowIfCancellationRequested();
                VerifyState(conversation, row, problems);
            }
        }

        VerifyFiles(problems);
        return problems;
    }

    private void VerifyLog(Conversation conversation, List<StoreProblem> problems)
    {
        conversation.Map = null;
        Map(conversation);
        if (conversation.Damage is { } damage) problems.Add(damage);
        long length = Math.Max(0, _medium.Length(BlobKind.Log, conversation.Id));
        if (length > conversation.Row.Extent.Bytes)
            problems.Add(new StoreProblem(_medium.Name(BlobKind.Log, conversation.Id), "file length", $"{conversation.Row.Extent.Bytes}", $"{length}"));
        if (conversation.Start > 0 && conversation.Parent is null)
            problems.Add(new StoreProblem($"log {conversation.Id:n}", "log that it continues", $"{conversation.Row.Parent:n}", "none"));
        else if (conversation.Parent is { } parent && Map(parent).End >= conversation.Start && !Map(parent).ChainAt(conversation.Start).AsSpan().SequenceEqual(conversation.Row.StartChain))
            problems.Add(new StoreProblem($"log {conversation.Id:n}", "chain of the log that it continues", Convert.ToHexString(conversation.Row.StartChain), "another"));
    }

    private void VerifyState(Conversation conversation, SnapshotRow row, List<StoreProblem> problems)
    {
        using StateLease lease = new();
        try
        {
            Load(row, ChainAt(conversation, row.Record), conversation.Row.Binding, lease, verifyPages: true);
        }
        catch (LostTurnException e)
        {
            problems.Add(e.Problem);
        }
        catch (StateCorruptException e)
        {
            problems.Add(e.Problem);
        }
    }

    private void VerifyFiles(List<StoreProblem> problems)
    {
        HashSet<Guid> states = [.. _byId.Values.SelectMany(conversation => conversation.Snapshots).Select(row => row.Id)];
        foreach ((BlobKind kind, Guid id, long length) in _medium.List())
        {
            bool known = kind switch
            {
                BlobKind.Log => _byId.ContainsKey(id),
                BlobKind.State => states.Contains(id),
                _ => _pageUsers.ContainsKey(id),
            };
            if (!known) problems.Add(new StoreProblem(_medium.Name(kind, id), "references", "at least one", $"none, {length} bytes"));
        }
    }

    private RecoverResult Recover(Conversation conversation)
    {
        LogPosition acknowledged = conversation.Head;
        (Conversation? before, long start) = (conversation.Parent, conversation.Start);
        conversation.IsFaulted = false;
        conversation.Map = null; // read again: the damage may have been noticed by nobody yet
        if (!CanReach(conversation, conversation.Start)) Reparent(conversation);
        else CutToWhole(conversation);
        List<SnapshotRow> beyond = [.. conversation.Snapshots.Where(row => row.Record > conversation.Head.Record)];
        RemoveSnapshots(conversation, beyond, exact: true);
        if (start != conversation.Start && before is { Row.Key: null }) FinishNameless(before, new Removal());
        return new RecoverResult(acknowledged, conversation.Head);
    }

    /// <summary>True where all records on the way to a place are there: none lost, and none deleted because a rewind, lost since, had left it.</summary>
    private bool CanReach(Conversation log, long position)
    {
        try
        {
            return Path(log, position).TrueForAll(range =>
            {
                LogMap map = Map(range.Log);
                for (long record = range.From; record < range.To; record++)
                    if ((map[record].Flags & RecordFormat.RedactedFlag) != 0) return false;
                return true;
            });
        }
        catch (StateStoreException e) when (e is LostTurnException or StateCorruptException)
        {
            return false;
        }
    }

    /// <summary>The log's own end is damaged: the conversation stands at the last whole append before. What whole forks continue stays.</summary>
    private void CutToWhole(Conversation conversation)
    {
        LogMap map = Map(conversation);
        long end = Math.Min(map.End, conversation.Row.Extent.Records);
        while (end > conversation.Start && ((map[end - 1].Flags & RecordFormat.BatchEndFlag) == 0 || !CanReach(conversation, end))) end--;
        if (end == conversation.Row.Extent.Records) return;
        LogCounts counts = map.CountsAt(end);
        long kept = end; // a fork may continue a label within an append whose end is lost
        foreach (long fork in conversation.Children.Select(child => child.Start).Where(start => start <= map.End))
            if (fork > kept && CanReach(conversation, fork)) kept = fork;
        long bytes = kept == conversation.Start ? 0 : map[kept - 1].Offset + map[kept - 1].Length;
        if (_medium.Length(BlobKind.Log, conversation.Id) >= 0) _medium.CutLog(conversation.Id, bytes);
        ConversationRow row = conversation.Row with { Extent = new LogExtent(bytes, kept, map.ChainAt(kept), map.CountsAt(kept)) };
        (Conversation? log, long position) = kept == conversation.Start ? (conversation.Parent, kept) : (conversation, kept);
        Move(conversation, row, log, position, conversation.Parent);
        if (kept > end) Append(conversation, [new RewindRecord(end, counts)]);
    }

    /// <summary>The log that it continues is damaged before the fork: it continues an earlier place, and what it had of its own is lost.</summary>
    private void Reparent(Conversation conversation)
    {
        (Conversation? log, long position) = (null, 0);
        long limit = conversation.Start;
        for (Conversation? at = conversation.Parent; at is not null && log is null; at = at.Parent)
        {
            LogMap map = Map(at);
            bool wentAnotherWay = at == conversation.Parent && map.End >= limit; // whole, yet out of reach
            for (long end = wentAnotherWay ? 0 : Math.Min(limit, map.End); end > at.Start && log is null; end--)
                if ((map[end - 1].Flags & RecordFormat.BatchEndFlag) != 0 && CanReach(at, end)) (log, position) = Canonical(at, end);
            limit = at.Start;
        }

        ConversationRow row = StartingAt(conversation.Row, log, position);
        Move(conversation, row with { Extent = row.EmptyExtent }, log, position, log);
        _medium.Delete(BlobKind.Log, conversation.Id, overwrite: true);
    }

    /// <summary>
    /// Changes a row whose log got shorter. Forks of what is gone then start where it ends now, before it goes another way that was
    /// never theirs; what they acknowledged stays in their rows, so that they too report the loss.
    /// </summary>
    private void Move(Conversation conversation, ConversationRow row, Conversation? log, long position, Conversation? parent)
    {
        List<(Conversation Fork, ConversationRow Row)> forks;
        lock (_gate)
        {
            forks = [.. conversation.Children.Where(child => child.Start > position || log != conversation)
                .Select(child => (child, StartingAt(child.Row, log, position)))];
        }

        _medium.Commit([new PutConversation(row, HeadChanged: true), .. forks.Select(fork => new PutConversation(fork.Row, HeadChanged: true))]);
        foreach ((Conversation fork, ConversationRow forkRow) in forks) Attach(fork, forkRow, log);
        Attach(conversation, row, parent);
    }

    private void Attach(Conversation conversation, ConversationRow row, Conversation? parent)
    {
        lock (_gate)
        {
            conversation.Parent?.Children.Remove(conversation);
            conversation.Parent = parent;
            parent?.Children.Add(conversation);
        }

        conversation.Row = row;
        conversation.Map = null;
    }

    private ConversationRow StartingAt(ConversationRow row, Conversation? log, long position)
    {
        if (log is null) return row with { Parent = Guid.Empty, Start = 0, StartChain = new byte[RecordFormat.ChainBytes], StartCounts = default };
        LogMap map = Require(log, position);
        return row with { Parent = log.Id, Start = position, StartChain = map.ChainAt(position), StartCounts = map.CountsAt(position) };
    }
}
