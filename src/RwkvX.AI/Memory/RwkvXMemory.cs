using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Memory;

/// <summary>The memory over an engine and a store.</summary>
public sealed class RwkvXMemory : IRwkvXMemory, IDisposable
{
    /// <summary>Tokens of a long text after which pages are dropped where there is a budget for them.</summary>
    private const int RetentionTokens = 8192;

    private readonly WorldTokenizer _tokenizer;
    private readonly IPromptTemplate _template;
    private readonly IStateStore _store;
    private readonly IDisposable? _ownedStore;
    private readonly Lazy<StateBinding> _binding;

    /// <summary>Creates a memory.</summary>
    /// <param name="model">The engine; outlives the memory.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="store">Where conversations are kept; outlives the memory. Null = in this process only, as long as the memory lives.</param>
    /// <param name="options">How it behaves; null = the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="NotSupportedException">The retention policy has a budget, and the engine keeps all pages.</exception>
    public RwkvXMemory(IRwkvXModel model, WorldTokenizer tokenizer, IStateStore? store = null, RwkvXMemoryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new RwkvXMemoryOptions();
        options.Validate();
        if (options.Retention.PageBytes is not null && !model.Engine.CanDropPages)
            throw new NotSupportedException($"retention: expected {RetentionPolicy.KeepAll} with the engine '{model.Engine.Name}' on {model.Engine.Device}, which keeps all pages, found {options.Retention}");
        _tokenizer = tokenizer;
        _template = options.Template ?? new WorldPromptTemplate();
        _store = store ?? InMemoryStateStore.Create();
        _ownedStore = store is null ? (IDisposable)_store : null;
        _binding = new Lazy<StateBinding>(() => MemoryBinding.Of(model, tokenizer, _template));
        States = new ConversationStates(model, _store, _binding, options, options.Logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    /// <remarks>The first use hashes all weights.</remarks>
    public StateBinding Binding => _binding.Value;

    /// <summary>Bytes of the states that stay with the engine, pages that they share counted once.</summary>
    public long ResidentBytes => States.Live.Bytes;

    /// <summary>Bytes of the states in main memory that had to leave the engine's device, pages that they share counted once.</summary>
    public long HostBytes => States.Live.HostBytes;

    /// <summary>Where turns get their states.</summary>
    internal ConversationStates States { get; }

    /// <inheritdoc/>
    public async ValueTask<ConversationInfo> CreateAsync(ConversationKey key, ConversationOptions? options = null, CancellationToken cancellationToken = default)
    {
        await (await _store.CreateAsync(key, Binding, options, cancellationToken).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        return (await _store.StatAsync(key, cancellationToken).ConfigureAwait(false)).Info;
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(ConversationKey key, string document, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(document);
        using StringReader reader = new(document);
        return await AppendAsync(key, reader, options ?? new AppendOptions(), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(ConversationKey key, Stream document, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(document);
        using StreamReader reader = new(document, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        return await AppendAsync(key, reader, options ?? new AppendOptions(), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<AppendResult> AppendAsync(ConversationKey key, IEnumerable<ChatMessage> messages, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> all = [.. messages];
        if (all.Count == 0 || all.Contains(null!)) throw new ArgumentException("messages: expected at least one and no null", nameof(messages));
        return AppendAsync(key, all, options ?? new AppendOptions(), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<CheckpointInfo> CheckpointAsync(ConversationKey key, string label, CancellationToken cancellationToken = default)
    {
        await using IConversationWriter writer = await _store.LeaseAsync(key, Binding, States.Writers, cancellationToken).ConfigureAwait(false);
        LogPlace before = writer.Place;
        LogPosition head = await writer.AppendAsync([new CheckpointRecord(label)], cancellationToken).ConfigureAwait(false);
        await States.Live.LabelAsync(before, writer.Place).ConfigureAwait(false);
        return new CheckpointInfo(label, head);
    }

    /// <inheritdoc/>
    public async ValueTask<ConversationInfo> ForkAsync(
        ConversationKey source, ConversationKey target, string? checkpoint = null, ConversationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ConversationInfo fork = await _store.ForkAsync(source, target, new OpenOptions { Checkpoint = checkpoint }, options, cancellationToken).ConfigureAwait(false);
        States.Live.Anchor(fork.Origin);
        return fork;
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> RewindAsync(ConversationKey key, string checkpoint, CancellationToken cancellationToken = default)
    {
        await using IConversationWriter writer = await _store.LeaseAsync(key, Binding, States.Writers, cancellationToken).ConfigureAwait(false);
        return await writer.RewindAsync(checkpoint, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ConversationInfo>> ListAsync(string tenant, bool includeShared = false, CancellationToken cancellationToken = default) =>
        _store.ListAsync(tenant, includeShared, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<MemoryStats> StatAsync(ConversationKey key, CancellationToken cancellationToken = default)
    {
        ConversationStats stored = await _store.StatAsync(key, cancellationToken).ConfigureAwait(false);
        (long bytes, long recurrent, PageUsage? pages, long host) = States.Live.Measure(stored.Place);
        return new MemoryStats(stored) { ResidentBytes = bytes, ResidentRecurrentBytes = recurrent, Pages = pages, HostBytes = host, Retention = States.Retention };
    }

    /// <summary>Runs a conversation's latest tokens again beside it, to see which pages they look at.</summary>
    /// <param name="key">The conversation; it stays as it is.</param>
    /// <param name="mostTokens">How many tokens may be run; null comes back where the stored states do not let fewer do.</param>
    /// <param name="cancellationToken">Acts inside passes.</param>
    internal async ValueTask<PageUsage?> LookAgainAsync(ConversationKey key, long mostTokens, CancellationToken cancellationToken)
    {
        ConversationStats stats = await _store.StatAsync(key, cancellationToken).ConfigureAwait(false);
        if (stats.Snapshots is [.., { } earlier, _] && stats.Info.Head.Tokens - earlier.Tokens <= mostTokens)
            return await States.LookAgainAsync(key, earlier, cancellationToken).ConfigureAwait(false);
        return stats.Snapshots is [.., { } last] && stats.Info.Head.Tokens - last.Tokens <= mostTokens
            ? await States.LookAgainAsync(key, last, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TranscriptEntry>> TranscriptAsync(ConversationKey key, CancellationToken cancellationToken = default) =>
        MessageRecords.ToEntries(await _store.ReadAsync(key, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask<AppendResult> RebuildAsync(
        ConversationKey source, ConversationKey target, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<TranscriptEntry> entries = await TranscriptAsync(source, cancellationToken).ConfigureAwait(false);
        await CreateAsync(target, null, cancellationToken).ConfigureAwait(false);
        if (entries.Count == 0) return new AppendResult(default, 0, default);
        try
        {
            return await AppendAsync(target, [.. entries.Select(MessageRecords.ToMessage)], options ?? new AppendOptions(), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DeleteAsync(target, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<DeleteResult> DeleteAsync(ConversationKey key, CancellationToken cancellationToken = default)
    {
        // Not by its statistics: they need a sound log, and a damaged conversation can be deleted too.
        IReadOnlyList<ConversationInfo> all = await _store.ListAsync(key.Tenant, includeShared: false, cancellationToken).ConfigureAwait(false);
        Guid? log = all.FirstOrDefault(info => info.Key == key)?.Id;
        if (log is not null) States.Live.Drop(log.Value); // states that were opened hold on to the files of their pages
        DeleteResult result = await _store.DeleteAsync(key, States.Writers, cancellationToken).ConfigureAwait(false);
        if (log is not null) States.Live.Drop(log.Value);
        return result;
    }

    /// <inheritdoc/>
    public ValueTask ExportAsync(ConversationKey key, Stream destination, CancellationToken cancellationToken = default) =>
        _store.ExportAsync(key, destination, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ConversationInfo> ImportAsync(Stream source, ConversationKey key, ConversationOptions? options = null, CancellationToken cancellationToken = default) =>
        _store.ImportAsync(source, key, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ShareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default) => _store.ShareAsync(key, tenant, cancellationToken);

    /// <inheritdoc/>
    public ValueTask UnshareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default) => _store.UnshareAsync(key, tenant, cancellationToken);

    /// <inheritdoc/>
    public ValueTask SetExpiryAsync(ConversationKey key, DateTimeOffset? expires, CancellationToken cancellationToken = default) =>
        _store.SetExpiryAsync(key, expires, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CollectResult> CollectAsync(CancellationToken cancellationToken = default) => _store.CollectAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<RecoverResult> RecoverAsync(ConversationKey key, CancellationToken cancellationToken = default)
    {
        States.Live.Clear(); // places that were given up may come to mean something else
        RecoverResult result = await _store.RecoverAsync(key, cancellationToken).ConfigureAwait(false);
        States.Live.Clear();
        return result;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreProblem>> VerifyAsync(CancellationToken cancellationToken = default) => _store.VerifyAsync(cancellationToken);

    /// <summary>Gives back the states, and the store where it is the memory's own.</summary>
    public void Dispose()
    {
        States.Dispose();
        _ownedStore?.Dispose();
    }

    private async ValueTask<AppendResult> AppendAsync(ConversationKey key, TextReader document, AppendOptions options, CancellationToken cancellationToken)
    {
        await using ConversationEdit edit = await States.BeginAsync(key, options.CreateIfMissing, cancellationToken).ConfigureAwait(false);
        List<LogRecord> records = [];
        await foreach (string part in DocumentParts.ReadAsync(document, DocumentParts.DefaultLength, cancellationToken).ConfigureAwait(false))
        {
            records.Add(MessageRecords.OfDocument(part, options.Name, continues: records.Count > 0));
            await FeedAsync(edit, [new ChatMessage(ChatRole.User, part).AsDocument()], records, options, cancellationToken).ConfigureAwait(false);
        }

        if (records.Count == 0) records.Add(MessageRecords.OfDocument("", options.Name, continues: false));
        return await CommitAsync(edit, records, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<AppendResult> AppendAsync(ConversationKey key, List<ChatMessage> messages, AppendOptions options, CancellationToken cancellationToken)
    {
        await using ConversationEdit edit = await States.BeginAsync(key, options.CreateIfMissing, cancellationToken).ConfigureAwait(false);
        List<LogRecord> records = [.. messages.SelectMany(MessageRecords.Of)];
        await FeedAsync(edit, messages, records, options, cancellationToken).ConfigureAwait(false);
        records.AddRange(messages.Where(message => message.Role == ChatRole.Assistant).Select(_ => new TurnRecord()));
        return await CommitAsync(edit, records, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs what messages are written down as, all but the opening of an answer.</summary>
    private async ValueTask FeedAsync(ConversationEdit edit, List<ChatMessage> messages, List<LogRecord> records, AppendOptions options, CancellationToken cancellationToken)
    {
        int[] tokens = await Task.Run(() => _template.Render(messages, []).SkipLast(1).SelectMany(segment => _tokenizer.Encode(segment.Text)).ToArray(), cancellationToken).ConfigureAwait(false);
        if (tokens.Length == 0) return; // white space leaves no trace
        long before = edit.State.TokenCount - edit.Start;
        int part = States.Retention.PageBytes is null ? tokens.Length : RetentionTokens;
        try
        {
            for (int start = 0; start < tokens.Length; start += part)
            {
                long done = before + start;
                Action<int>? ran = options.Progress is { } progress ? count => progress.Report(new AppendProgress(done + count, before + tokens.Length)) : null;
                records.Add(await States.Feed.RunAsync(edit.State, tokens[start..Math.Min(start + part, tokens.Length)], ran, cancellationToken).ConfigureAwait(false));
                if (States.DropPages(edit.Key, edit.State) is { } drop) records.Add(drop);
            }
        }
        catch (StateCorruptException)
        {
            States.Live.Clear(); // a stored page turned out to be damaged: the next call starts from an earlier state
            throw;
        }
    }

    private static async ValueTask<AppendResult> CommitAsync(ConversationEdit edit, List<LogRecord> records, CancellationToken cancellationToken)
    {
        RestoreReport restored = edit.Restored;
        LogPosition head = await edit.CommitAsync(null, records, cancellationToken).ConfigureAwait(false);
        return new AppendResult(head, head.Tokens - edit.Start, restored) { DroppedPages = edit.Dropped.Pages, DroppedBytes = edit.Dropped.Bytes };
    }
}
