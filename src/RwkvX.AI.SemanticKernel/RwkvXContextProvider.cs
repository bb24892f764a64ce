using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.SemanticKernel;

/// <summary>A long memory for a kernel's conversation, over any model: it reads what is said, and answers questions about all of it.</summary>
/// <remarks>
/// <para>The thread's id is the name of the stored conversation. Suspending sets a checkpoint, resuming goes back to it, in this process or in
/// another one. A question is answered by a fork, and costs the question's tokens, however long the conversation is.</para>
/// <para>An instance belongs to one thread; its members may be called from any thread of the process.</para>
/// </remarks>
[Experimental("SKEXP0130")]
public sealed class RwkvXContextProvider : AIContextProvider
{
    /// <summary>The name of the function that asks the memory.</summary>
    public const string RecallName = "recall";

    private readonly IRwkvXMemory _memory;
    private readonly IChatClient _client;
    private readonly RwkvXContextProviderOptions _options;
    private readonly string _ownName;
    private volatile string? _current; // null until something was said or resumed

    /// <summary>Creates the provider.</summary>
    /// <param name="memory">Where what is said is kept.</param>
    /// <param name="client">A client over the same memory, which answers.</param>
    /// <param name="options">Null for the defaults.</param>
    public RwkvXContextProvider(IRwkvXMemory memory, IChatClient client, RwkvXContextProviderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(client);
        (_memory, _client, _options) = (memory, client, options ?? new RwkvXContextProviderOptions());
        _ownName = _options.Conversation ?? $"thread-{Guid.NewGuid():n}";
    }

    /// <summary>The stored conversation that is remembered into; null until something was said or resumed.</summary>
    public ConversationKey? Conversation => _current is { } name ? new ConversationKey(_options.Tenant, name) : null;

    /// <summary>Makes the conversation.</summary>
    /// <inheritdoc/>
    /// <exception cref="ConversationExistsException">There is one of that name.</exception>
    public override async Task ConversationCreatedAsync(string? conversationId, CancellationToken cancellationToken = default)
    {
        await _memory.CreateAsync(Key(conversationId), cancellationToken: cancellationToken).ConfigureAwait(false);
        _current = Key(conversationId).Name;
    }

    /// <summary>Reads the message.</summary>
    /// <inheritdoc/>
    public override async Task MessageAddingAsync(string? conversationId, ChatMessage newMessage, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(newMessage);
        ConversationKey key = Key(conversationId);
        await _memory.AppendAsync(key, [newMessage], new AppendOptions { CreateIfMissing = true }, cancellationToken).ConfigureAwait(false);
        _current = key.Name;
    }

    /// <summary>Gives what the memory says to the last user message, and the function that asks it.</summary>
    /// <inheritdoc/>
    public override async Task<AIContext> ModelInvokingAsync(ICollection<ChatMessage> newMessages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(newMessages);
        AIContext context = new();
        if (Conversation is not { } key) return context;
        if (_options.OffersRecall) context.AIFunctions.Add(NewFunction(key));
        string? question = newMessages.LastOrDefault(message => message.Role == ChatRole.User)?.Text;
        if (!_options.RecallsBeforeInvocation || string.IsNullOrWhiteSpace(question)) return context;
        string answer = await AskAsync(key, question, cancellationToken).ConfigureAwait(false);
        if (answer.Length > 0) context.Instructions = _options.Prompt + answer;
        return context;
    }

    /// <summary>Sets the checkpoint.</summary>
    /// <inheritdoc/>
    public override async Task SuspendingAsync(string? conversationId, CancellationToken cancellationToken = default) =>
        await _memory.CheckpointAsync(Key(conversationId), _options.Checkpoint, cancellationToken).ConfigureAwait(false);

    /// <summary>Goes back to the checkpoint.</summary>
    /// <inheritdoc/>
    /// <exception cref="ConversationNotFoundException">There is no such conversation, or it was never suspended.</exception>
    public override async Task ResumingAsync(string? conversationId, CancellationToken cancellationToken = default)
    {
        await _memory.RewindAsync(Key(conversationId), _options.Checkpoint, cancellationToken).ConfigureAwait(false);
        _current = Key(conversationId).Name;
    }

    /// <summary>Deletes the conversation.</summary>
    /// <inheritdoc/>
    public override async Task ConversationDeletingAsync(string? conversationId, CancellationToken cancellationToken = default)
    {
        await _memory.DeleteAsync(Key(conversationId), cancellationToken).ConfigureAwait(false);
        _current = null;
    }

    private ConversationKey Key(string? conversationId) => new(_options.Tenant, conversationId ?? _current ?? _ownName);

    private AIFunction NewFunction(ConversationKey key) => AIFunctionFactory.Create(
        (string question, CancellationToken stop) => AskAsync(key, question, stop), RecallName, "Answers a question from what was said and read before.");

    private async Task<string> AskAsync(ConversationKey key, string question, CancellationToken cancellationToken) =>
        (await _memory.AskAsync(_client, key, question, _options.AnswerOptions, cancellationToken: cancellationToken).ConfigureAwait(false)).Text.Trim();
}
