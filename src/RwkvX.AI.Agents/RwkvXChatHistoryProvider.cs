using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Agents;

/// <summary>An agent's chat history as stored conversations, one a session, for an agent over any model.</summary>
/// <remarks>
/// <para>The session itself holds the conversation's name only. What is said becomes part of the model state too, so the memory can be asked
/// about all of it (<see cref="RwkvXContextProvider"/>), however little of it the agent's model is sent.</para>
/// <para>An agent over this model needs it not: with <c>RwkvXOptions.StoreConversations</c> the client keeps the conversation itself.</para>
/// </remarks>
public sealed class RwkvXChatHistoryProvider : ChatHistoryProvider
{
    private readonly IRwkvXMemory _memory;
    private readonly int _maxMessages;
    private readonly SessionConversation _conversation;

    /// <summary>Creates the provider.</summary>
    /// <param name="memory">Where histories are kept.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public RwkvXChatHistoryProvider(IRwkvXMemory memory, RwkvXChatHistoryProviderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        options ??= new RwkvXChatHistoryProviderOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxMessages ?? 1, 1, nameof(options.MaxMessages));
        (_memory, _maxMessages) = (memory, options.MaxMessages ?? int.MaxValue);
        _conversation = new SessionConversation(memory, options.Tenant, options.StateKey, name: null, options.TimeToLive);
        StateKeys = [options.StateKey];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys { get; }

    /// <summary>The stored conversation of a session; null where nothing was said in it yet.</summary>
    /// <param name="session">The session.</param>
    /// <param name="cancellationToken">Acts at once.</param>
    public ValueTask<ConversationKey?> FindConversationAsync(AgentSession session, CancellationToken cancellationToken = default) =>
        _conversation.FindAsync(session, cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask<IEnumerable<ChatMessage>> ProvideChatHistoryAsync(InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (await _conversation.FindAsync(context.Session, cancellationToken).ConfigureAwait(false) is not { } key) return [];
        IReadOnlyList<TranscriptEntry> entries = await _memory.TranscriptAsync(key, cancellationToken).ConfigureAwait(false);
        IEnumerable<ChatMessage> newest = entries.Skip(Math.Max(0, entries.Count - _maxMessages)).Select(entry => entry.ToMessage());
        return newest.SkipWhile(message => message.Role == ChatRole.Tool); // results of a call that was cut off
    }

    /// <inheritdoc/>
    protected override ValueTask StoreChatHistoryAsync(InvokedContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _conversation.AppendAsync(context.Session, [.. context.RequestMessages, .. context.ResponseMessages ?? []], cancellationToken);
    }
}
