using Microsoft.Extensions.AI;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Memory;

/// <summary>Conversations as model states bound to ids: read once, kept across turns and processes, forked, rewound, shared.</summary>
/// <remarks>
/// <para>
/// A conversation is found by its tenant and name. What an <see cref="IChatClient"/> calls <see cref="ChatOptions.ConversationId"/> is the name:
/// turns through the client and what is done here are the same conversations. A completed call is as durable as the store.
/// </para>
/// <para>
/// A conversation has one writer at a time: others wait, or fail at once where the options say so. A call that is cancelled or fails leaves
/// the conversation as it was. All members may be called from any thread.
/// </para>
/// <para>
/// Errors: <see cref="ConversationNotFoundException"/> for a name (or label) that the tenant does not have, <see cref="ConversationExistsException"/>
/// for one that it has already, <see cref="ConversationLockedException"/>, <see cref="WrongModelException"/> for a conversation of another model
/// (<see cref="RebuildAsync"/> reads its transcript into this one), <see cref="LostTurnException"/> where something acknowledged is gone, and
/// other <see cref="StateStoreException"/>s; <see cref="ArgumentException"/> for what the caller got wrong.
/// </para>
/// </remarks>
public interface IRwkvXMemory
{
    /// <summary>What states of this memory are states of: the hashes of model, tokenizer and template.</summary>
    StateBinding Binding { get; }

    /// <summary>Makes an empty conversation.</summary>
    ValueTask<ConversationInfo> CreateAsync(ConversationKey key, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a text as a document.</summary>
    ValueTask<AppendResult> AppendAsync(ConversationKey key, string document, AppendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads a text of any length as a document: UTF-8, or what a byte order mark says. The stream stays open.</summary>
    ValueTask<AppendResult> AppendAsync(ConversationKey key, Stream document, AppendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads messages, as if they had been said; nothing is answered.</summary>
    ValueTask<AppendResult> AppendAsync(ConversationKey key, IEnumerable<ChatMessage> messages, AppendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Labels the place where the conversation stands. A label used again means its latest place.</summary>
    ValueTask<CheckpointInfo> CheckpointAsync(ConversationKey key, string label, CancellationToken cancellationToken = default);

    /// <summary>Makes a conversation that continues another; shares all that was read and costs neither a copy nor a pass.</summary>
    /// <param name="source">The conversation; of another tenant only where it is shared with the target's.</param>
    /// <param name="target">The new one.</param>
    /// <param name="checkpoint">The label to continue from; null = where the source stands.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="cancellationToken">Acts before anything is written.</param>
    ValueTask<ConversationInfo> ForkAsync(
        ConversationKey source, ConversationKey target, string? checkpoint = null, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Goes back to a label; what came after it is no part of the conversation any more.</summary>
    ValueTask<LogPosition> RewindAsync(ConversationKey key, string checkpoint, CancellationToken cancellationToken = default);

    /// <summary>A tenant's conversations, by name.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="includeShared">Also those that others share with it, after its own.</param>
    /// <param name="cancellationToken">Acts at once.</param>
    ValueTask<IReadOnlyList<ConversationInfo>> ListAsync(string tenant, bool includeShared = false, CancellationToken cancellationToken = default);

    /// <summary>What a conversation holds, and what it costs in each tier.</summary>
    ValueTask<MemoryStats> StatAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Documents and messages on the way to where the conversation stands, verbatim. Needs no model: works for those of another one too.</summary>
    ValueTask<IReadOnlyList<TranscriptEntry>> TranscriptAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Reads the transcript of a conversation, perhaps of another model, into a new one under this model.</summary>
    ValueTask<AppendResult> RebuildAsync(ConversationKey source, ConversationKey target, AppendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a conversation and every byte that no other refers to.</summary>
    ValueTask<DeleteResult> DeleteAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Writes a conversation as one self-contained stream, with its states. Not encrypted.</summary>
    ValueTask ExportAsync(ConversationKey key, Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Makes a conversation from what <see cref="ExportAsync"/> wrote.</summary>
    /// <exception cref="StateCorruptException">The stream is damaged, cut short or of another format. Nothing was made.</exception>
    ValueTask<ConversationInfo> ImportAsync(Stream source, ConversationKey key, ConversationOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Lets a tenant fork a conversation: a document read once, for many.</summary>
    ValueTask ShareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default);

    /// <summary>Ends a sharing. Forks made under it stay.</summary>
    ValueTask UnshareAsync(ConversationKey key, string tenant, CancellationToken cancellationToken = default);

    /// <summary>Sets when a conversation ends; null = never.</summary>
    ValueTask SetExpiryAsync(ConversationKey key, DateTimeOffset? expires, CancellationToken cancellationToken = default);

    /// <summary>Deletes what is over its time, and whatever nothing refers to.</summary>
    ValueTask<CollectResult> CollectAsync(CancellationToken cancellationToken = default);

    /// <summary>Gives up what is lost of a damaged conversation: it stands at its last whole append again.</summary>
    ValueTask<RecoverResult> RecoverAsync(ConversationKey key, CancellationToken cancellationToken = default);

    /// <summary>Reads and checks everything stored. An empty list means that the store is sound.</summary>
    ValueTask<IReadOnlyList<StoreProblem>> VerifyAsync(CancellationToken cancellationToken = default);
}
