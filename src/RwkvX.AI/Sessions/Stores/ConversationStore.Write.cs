using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>Making conversations and appending to them.</content>
internal sealed partial class ConversationStore
{
    /// <summary>Longest log: one array holds it while it is read.</summary>
    private const long MaxLogBytes = 0x7FFF_FFC7; // Array.MaxLength

    public async ValueTask<IConversationWriter> CreateAsync(
        ConversationKey key, StateBinding binding, ConversationOptions? options, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ArgumentNullException.ThrowIfNull(binding);
        binding.Validate(nameof(binding));
        Conversation conversation = await Shared(() => Make(key, NewRow(key, binding, options), null, [], leased: true), cancellationToken).ConfigureAwait(false);
        return new ConversationWriter(this, conversation, key, default);
    }

    public async ValueTask<IConversationWriter> LeaseAsync(
        ConversationKey key, StateBinding binding, LeaseMode mode, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ArgumentNullException.ThrowIfNull(binding);
        ObjectDisposedException.ThrowIf(_disposed, this);
        Conversation conversation = await TakeLease(key, mode, cancellationToken).ConfigureAwait(false);
        try
        {
            LogPlace place = await Shared(() =>
            {
                RequireBinding(conversation, binding);
                return PlaceOf(Path(conversation, conversation.Row.Extent.Records));
            }, cancellationToken).ConfigureAwait(false);
            return new ConversationWriter(this, conversation, key, place);
        }
        catch
        {
            conversation.Lease.Release();
            throw;
        }
    }

    public ValueTask<ConversationInfo> ForkAsync(
        ConversationKey source, ConversationKey target, OpenOptions? at, ConversationOptions? options, CancellationToken cancellationToken)
    {
        source.Validate(nameof(source));
        target.Validate(nameof(target));
        return new ValueTask<ConversationInfo>(Shared(() =>
        {
            Conversation from = Find(source);
            if (source.Tenant != target.Tenant && !from.Row.SharedWith.Contains(target.Tenant)) throw new ConversationNotFoundException(source);
            List<LogRange> toHead = Path(from, from.Row.Extent.Records);
            (Conversation? log, long position) = Canonical(from, Resolve(from, toHead, at));
            ConversationRow row = NewRow(target, from.Row.Binding, options);
            row = StartingAt(row, log, position);
            row = row with { Extent = row.EmptyExtent };
            return Info(Make(target, row, log, [], leased: false).Row);
        }, cancellationToken));
    }

    internal ValueTask<LogPosition> AppendAsync(Conversation conversation, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records.Count == 0) throw new ArgumentException("records: expected at least one, found none", nameof(records));
        foreach (LogRecord record in records)
        {
            RecordFormat.Validate(record, nameof(records));
            if (record is RewindRecord) throw new ArgumentException("records: expected none of the store's own kinds, found a rewind", nameof(records));
        }

        return new ValueTask<LogPosition>(Shared(() => Append(conversation, records), cancellationToken));
    }

    /// <summary>Goes back; returns the place that it went to.</summary>
    internal Task<LogPlace> RewindAsync(Conversation conversation, OpenOptions to, CancellationToken cancellationToken) =>
        Shared(() =>
        {
            List<LogRange> toHead = Path(conversation, conversation.Row.Extent.Records);
            (Conversation? log, long target) = Canonical(conversation, Resolve(conversation, toHead, to));
            Append(conversation, [new RewindRecord(target, log is null ? default : Map(log).CountsAt(target))]);
            return log is null ? default : new LogPlace(log.Id, target);
        }, cancellationToken);

    private LogPosition Append(Conversation conversation, IReadOnlyList<LogRecord> records)
    {
        lock (conversation.Sync)
        {
            ConversationRow row = conversation.Row;
            if (row.Deleting || row.Key is null) throw new ConversationNotFoundException(row.Key ?? default);
            if (conversation.IsFaulted) throw new StateStoreException($"{conversation}: a write failed with unknown outcome; open the store again");
            LogMap map = Require(conversation, row.Extent.Records);
            FormatWriter buffer = new();
            List<LogEntry> entries = Encode(conversation, buffer, records);
            LogEntry last = entries[^1];
            LogExtent extent = new(row.Extent.Bytes + buffer.Length, row.Extent.Records + records.Count, last.Chain, last.Counts);
            if (extent.Bytes > MaxLogBytes) throw new StateStoreException($"{conversation}: log: expected at most {MaxLogBytes} bytes, found {extent.Bytes}");
            WriteLog(conversation, row.Extent.Bytes, buffer.Written);
            CommitExtent(conversation, row with { Extent = extent });
            foreach (LogEntry entry in entries) map.Add(entry);
            return conversation.Head;
        }
    }

    /// <summary>The bytes to append (the file's header first, where there is none) and the entries that they make.</summary>
    private List<LogEntry> Encode(Conversation conversation, FormatWriter buffer, IReadOnlyList<LogRecord> records)
    {
        ConversationRow row = conversation.Row;
        long end = row.Extent.Bytes;
        if (end == 0) LogFormat.WriteHeader(buffer, row);
        byte[] chain = row.Extent.Chain;
        LogCounts counts = row.Extent.Counts;
        List<LogEntry> entries = [];
        for (int i = 0; i < records.Count; i++)
        {
            counts = counts.After(records[i]);
            LogEntry entry = LogFormat.WriteRecord(
                buffer, records[i], i == records.Count - 1, row.Extent.Records + i, chain, counts, row.Id, Cipher);
            entries.Add(entry with { Offset = end + entry.Offset });
            chain = entry.Chain;
        }

        return entries;
    }

    private void WriteLog(Conversation conversation, long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _medium.AppendLog(conversation.Id, offset, bytes);
        }
        catch (Exception)
        {
            // What half arrived is not acknowledged: take it away, or if that fails too, leave it for the next opening to judge.
            try { _medium.CutLog(conversation.Id, offset); }
            catch (Exception) { conversation.IsFaulted = true; }
            throw;
        }
    }

    private void CommitExtent(Conversation conversation, ConversationRow row)
    {
        try
        {
            _medium.Commit([new PutConversation(row, HeadChanged: false)]);
        }
        catch (Exception)
        {
            conversation.IsFaulted = true; // the log is ahead of the index: the next opening rolls forward
            throw;
        }

        conversation.Row = row;
    }

    private async Task<Conversation> TakeLease(ConversationKey key, LeaseMode mode, CancellationToken cancellationToken)
    {
        while (true)
        {
            Conversation conversation = Find(key);
            if (mode == LeaseMode.FailFast && !conversation.Lease.Wait(0, CancellationToken.None)) throw new ConversationLockedException(key);
            if (mode == LeaseMode.Wait) await conversation.Lease.WaitAsync(cancellationToken).ConfigureAwait(false);
            bool current;
            lock (_gate) current = _byKey.TryGetValue(key, out Conversation? found) && found == conversation && !IsOver(conversation.Row);
            if (current) return conversation;
            conversation.Lease.Release(); // deleted while waiting; perhaps made anew
        }
    }

    private ConversationRow NewRow(ConversationKey key, StateBinding binding, ConversationOptions? options)
    {
        DateTimeOffset now = _options.Clock.GetUtcNow();
        return new ConversationRow
        {
            Id = Guid.NewGuid(),
            Key = key,
            Binding = binding,
            Parent = Guid.Empty,
            Start = 0,
            StartChain = new byte[RecordFormat.ChainBytes],
            StartCounts = default,
            Created = now,
            Expires = ExpiryOf(options, now),
            Extent = new LogExtent(0, 0, new byte[RecordFormat.ChainBytes], default),
        };
    }

    /// <summary>Makes a conversation durable and known; its lease is taken before anybody else sees it, where the caller wants it.</summary>
    private Conversation Make(ConversationKey key, ConversationRow row, Conversation? parent, IReadOnlyList<SnapshotRow> snapshots, bool leased)
    {
        Reserve(key);
        try
        {
            _medium.Commit([new PutConversation(row, HeadChanged: true), .. snapshots.Select(snapshot => new PutSnapshot(snapshot))]);
            Conversation conversation = new(row, parent);
            if (leased) conversation.Lease.Wait(0, CancellationToken.None);
            lock (_gate)
            {
                Register(conversation);
                foreach (SnapshotRow snapshot in snapshots) Register(conversation, snapshot);
            }

            return conversation;
        }
        finally
        {
            lock (_gate) _reserved.Remove(key);
        }
    }

    private void Reserve(ConversationKey key)
    {
        lock (_gate)
        {
            // One that is over its time keeps its name until it is collected: its bytes are still there.
            if (_byKey.ContainsKey(key) || !_reserved.Add(key)) throw new ConversationExistsException(key);
        }
    }

    private void Register(Conversation conversation)
    {
        _byId.Add(conversation.Id, conversation);
        if (conversation.Row.Key is { } key) _byKey.Add(key, conversation);
        conversation.Parent?.Children.Add(conversation);
    }

    private void Register(Conversation conversation, SnapshotRow snapshot)
    {
        conversation.Snapshots = [.. conversation.Snapshots, snapshot];
        foreach (Guid file in snapshot.PageFiles)
        {
            if (!_pageUsers.TryGetValue(file, out HashSet<SnapshotRow>? users)) _pageUsers.Add(file, users = []);
            users.Add(snapshot);
        }
    }
}
