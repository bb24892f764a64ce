using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>The store over any medium: which records and pages belong to whom, and in which order things become durable.</summary>
/// <remarks>
/// The catalogue is in memory; the medium holds it durably. Locks, outermost first: <c>_structure</c> (shared by all that reads or
/// adds, exclusive for what removes), a conversation's <c>Sync</c> (its row and log), <c>_gate</c> (the catalogue).
/// </remarks>
internal sealed partial class ConversationStore : IStateStore, IDisposable
{
    private readonly IStoreMedium _medium;
    private readonly StateStoreOptions _options;
    private readonly ReaderWriterLockSlim _structure = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Conversation> _byId = [];
    private readonly Dictionary<ConversationKey, Conversation> _byKey = [];
    private readonly HashSet<ConversationKey> _reserved = []; // names of conversations that are being made
    private readonly Dictionary<Guid, HashSet<SnapshotRow>> _pageUsers = [];
    private readonly PageFileCache _pages;
    private bool _disposed;
    private bool _keepUnknownLogs;

    public ConversationStore(IStoreMedium medium, StateStoreOptions options)
    {
        _medium = medium;
        _options = options;
        _pages = new PageFileCache(medium, options.Cipher);
        Load();
    }

    /// <summary>What was found wrong and mended when the store was opened.</summary>
    public List<StoreProblem> LoadProblems { get; } = [];

    private IBlobCipher? Cipher => _options.Cipher;

    public ValueTask<IReadOnlyList<ConversationInfo>> ListAsync(string tenant, bool includeShared, CancellationToken cancellationToken)
    {
        ConversationKey.ValidatePart(tenant, "tenant", nameof(tenant));
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        List<ConversationRow> own, shared;
        lock (_gate)
        {
            own = [.. _byKey.Values.Select(c => c.Row).Where(row => row.Key!.Value.Tenant == tenant && !IsOver(row))];
            shared = includeShared ? [.. _byKey.Values.Select(c => c.Row).Where(row => row.SharedWith.Contains(tenant) && !IsOver(row))] : [];
        }

        return new ValueTask<IReadOnlyList<ConversationInfo>>(
            [.. own.OrderBy(row => row.Key!.Value.Name, StringComparer.Ordinal).Select(row => Info(row)),
                .. shared.OrderBy(row => row.Key!.Value.ToString(), StringComparer.Ordinal).Select(row => Info(row) with { SharedWith = [] })]);
    }

    public ValueTask ShareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken)
    {
        ConversationKey.ValidatePart(tenant, "tenant", nameof(tenant));
        return ChangeHead(key, row => row with { SharedWith = [.. row.SharedWith.Append(tenant).Distinct().Order(StringComparer.Ordinal)] }, cancellationToken);
    }

    public ValueTask UnshareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken)
    {
        ConversationKey.ValidatePart(tenant, "tenant", nameof(tenant));
        return ChangeHead(key, row => row with { SharedWith = [.. row.SharedWith.Where(other => other != tenant)] }, cancellationToken);
    }

    public ValueTask SetExpiryAsync(ConversationKey key, DateTimeOffset? expires, CancellationToken cancellationToken) =>
        ChangeHead(key, row => row with { Expires = expires?.ToUniversalTime() }, cancellationToken);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>The same at once: a container that is disposed so needs it.</summary>
    public void Dispose()
    {
        _structure.EnterWriteLock();
        try
        {
            if (_disposed) return;
            _disposed = true;
        }
        finally
        {
            _structure.ExitWriteLock();
        }

        _pages.Clear();
        _medium.Dispose();
    }

    private ValueTask ChangeHead(ConversationKey key, Func<ConversationRow, ConversationRow> change, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        return new ValueTask(Shared(() =>
        {
            Conversation conversation = Find(key);
            lock (conversation.Sync)
            {
                ConversationRow row = change(conversation.Row);
                _medium.Commit([new PutConversation(row, HeadChanged: true)]);
                conversation.Row = row;
            }

            return true;
        }, cancellationToken));
    }

    /// <summary>Runs on the thread pool, beside others that do not remove anything.</summary>
    private Task<T> Shared<T>(Func<T> work, CancellationToken cancellationToken) => Task.Run(() =>
    {
        _structure.EnterReadLock();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Guard(work);
        }
        finally
        {
            _structure.ExitReadLock();
        }
    }, cancellationToken);

    /// <summary>Runs on the thread pool, alone.</summary>
    private Task<T> Exclusive<T>(Func<T> work, CancellationToken cancellationToken) => Task.Run(() =>
    {
        _structure.EnterWriteLock();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Guard(work);
        }
        finally
        {
            _structure.ExitWriteLock();
        }
    }, cancellationToken);

    private static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateStoreException($"the store's medium failed: {e.Message}", e);
        }
    }

    /// <summary>The live conversation of a key.</summary>
    private Conversation Find(ConversationKey key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out Conversation? conversation) && !IsOver(conversation.Row)) return conversation;
        }

        throw new ConversationNotFoundException(key);
    }

    private bool IsOver(ConversationRow row) => row.Deleting || (row.Expires is { } expires && expires <= _options.Clock.GetUtcNow());

    private static void RequireBinding(Conversation conversation, StateBinding binding)
    {
        if (conversation.Row.Binding != binding) throw new WrongModelException(conversation.Row.Key!.Value, binding, conversation.Row.Binding);
    }

    private static ConversationInfo Info(ConversationRow row)
    {
        LogCounts counts = row.Extent.Counts;
        return new ConversationInfo(row.Key!.Value, row.Binding, new LogPosition(row.Extent.Records, counts.Tokens), row.Created, row.Expires)
        {
            Id = row.Id,
            Origin = new LogPlace(row.Parent, row.Start),
            Turns = counts.Turns,
            Messages = counts.Messages,
            Documents = counts.Documents,
            SharedWith = row.SharedWith,
        };
    }

    private static DateTimeOffset? ExpiryOf(ConversationOptions? options, DateTimeOffset now)
    {
        if (options?.TimeToLive is not { } life) return null;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(life, TimeSpan.Zero, nameof(options));
        return now + life;
    }
}
