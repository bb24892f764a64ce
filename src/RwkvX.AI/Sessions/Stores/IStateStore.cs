namespace RwkvX.AI.Sessions.Stores;

/// <summary>Conversations kept as logs and states, per tenant.</summary>
/// <remarks>
/// <para>
/// A conversation is a log (tokens in the spans in which they were computed, the transcript, labels, rewinds) and states stored at
/// places of it. The latest state is rebuilt from the nearest stored one by replaying the tokens logged after it.
/// A fork shares the log and the pages before it, and costs neither.
/// </para>
/// <para>
/// All members may be called from any thread. What a completed call wrote is durable as far as the store's medium is.
/// Every error of the store is a <see cref="StateStoreException"/>; of the caller, an <see cref="ArgumentException"/>.
/// A conversation whose time is over, or that belongs to another tenant, is not found.
/// </para>
/// </remarks>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>Makes an empty conversation and becomes its writer.</summary>
    /// <exception cref="ConversationExistsException">The name is taken, perhaps by one that is over its time but not yet collected.</exception>
    ValueTask<IConversationWriter> CreateAsync(
        ConversationKey key, StateBinding binding, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Becomes the writer of a conversation.</summary>
    /// <exception cref="ConversationNotFoundException">No such conversation.</exception>
    /// <exception cref="ConversationLockedException">It has a writer, and <paramref name="mode"/> is <see cref="LeaseMode.FailFast"/>.</exception>
    /// <exception cref="WrongModelException">It belongs to another model, tokenizer or template.</exception>
    /// <exception cref="LostTurnException">Something acknowledged is gone.</exception>
    ValueTask<IConversationWriter> LeaseAsync(
        ConversationKey key, StateBinding binding, LeaseMode mode = LeaseMode.Wait, CancellationToken cancellationToken = default);

    /// <summary>Opens a conversation at a place; needs no lease.</summary>
    /// <exception cref="ConversationNotFoundException">No such conversation or label.</exception>
    /// <exception cref="WrongModelException">It belongs to another model, tokenizer or template.</exception>
    /// <exception cref="LostTurnException">Something acknowledged is gone.</exception>
    /// <exception cref="StateCorruptException">A record cannot be read.</exception>
    ValueTask<StoredState> OpenAsync(
        ConversationKey key, StateBinding binding, OpenOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>All records on the way to the head, under any model: the transcript and the tokens.</summary>
    ValueTask<IReadOnlyList<LogRecord>> ReadAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Makes a conversation that continues another from a place of it, and shares all before.</summary>
    /// <param name="source">The conversation; of another tenant only where it is shared with <paramref name="target"/>'s.</param>
    /// <param name="target">The new one.</param>
    /// <param name="at">The place; null = the head. <see cref="OpenOptions.VerifyPages"/> and <see cref="OpenOptions.UseSnapshot"/> do not matter.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="cancellationToken">Acts before anything is written.</param>
    ValueTask<ConversationInfo> ForkAsync(
        ConversationKey source, ConversationKey target, OpenOptions? at = null, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Lets a tenant fork a conversation, read-only by nature: a fork never changes what it was forked from.</summary>
    ValueTask ShareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default);

    /// <summary>Ends a sharing. Forks made under it stay.</summary>
    ValueTask UnshareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default);

    /// <summary>Sets when a conversation ends; null = never.</summary>
    ValueTask SetExpiryAsync(ConversationKey key, DateTimeOffset? expires, CancellationToken cancellationToken = default);

    /// <summary>A tenant's conversations, by name.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="includeShared">Also those that others share with it, after its own.</param>
    /// <param name="cancellationToken">Acts at once.</param>
    ValueTask<IReadOnlyList<ConversationInfo>> ListAsync(string tenant, bool includeShared = false, CancellationToken cancellationToken = default);

    /// <summary>What a conversation holds and costs.</summary>
    ValueTask<ConversationStats> StatAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Deletes a conversation and every byte that no other refers to; overwrites them where the medium allows it.</summary>
    /// <exception cref="ConversationLockedException">It has a writer, and <paramref name="mode"/> is <see cref="LeaseMode.FailFast"/>.</exception>
    ValueTask<DeleteResult> DeleteAsync(ConversationKey key, LeaseMode mode = LeaseMode.Wait, CancellationToken cancellationToken = default);

    /// <summary>Gives up what is lost of a damaged conversation: it stands at its last whole append again.</summary>
    ValueTask<RecoverResult> RecoverAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Writes all on the way to the head, self-contained, with the states that the head and the labels start from. Not encrypted.</summary>
    ValueTask ExportAsync(ConversationKey key, Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Makes a conversation from what <see cref="ExportAsync"/> wrote.</summary>
    /// <exception cref="ConversationExistsException">The name is taken.</exception>
    /// <exception cref="StateCorruptException">The stream is damaged, cut short or not of this format. Nothing was made.</exception>
    ValueTask<ConversationInfo> ImportAsync(
        Stream source, ConversationKey key, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes what is over its time, and files that nothing refers to.</summary>
    ValueTask<CollectResult> CollectAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads and checks everything. An empty list means that the store is sound.</summary>
    ValueTask<IReadOnlyList<StoreProblem>> VerifyAsync(CancellationToken cancellationToken = default);
}
