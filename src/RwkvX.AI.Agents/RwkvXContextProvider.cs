using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Agents;

/// <summary>A long memory for an agent over any model: it reads what is said, and answers questions about all of it.</summary>
/// <remarks>A question is answered by a fork of the stored conversation, and costs the question's tokens, however long the conversation is.</remarks>
public sealed class RwkvXContextProvider : AIContextProvider
{
    /// <summary>The name of the tool that asks the memory.</summary>
    public const string RecallName = "recall";

    private readonly IRwkvXMemory _memory;
    private readonly IChatClient _client;
    private readonly RwkvXContextProviderOptions _options;
    private readonly SessionConversation _conversation;

    /// <summary>Creates the provider.</summary>
    /// <param name="memory">Where what is said is kept.</param>
    /// <param name="client">A client over the same memory, which answers.</param>
    /// <param name="options">Null for the defaults.</param>
    public RwkvXContextProvider(IRwkvXMemory memory, IChatClient client, RwkvXContextProviderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(client);
        (_memory, _client, _options) = (memory, client, options ?? new RwkvXContextProviderOptions());
        _conversation = new SessionConversation(memory, _options.Tenant, _options.StateKey, _options.Conversation, _options.TimeToLive);
        StateKeys = [_options.StateKey];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys { get; }

    /// <summary>The stored conversation of a session; null where nothing was said in it yet.</summary>
    /// <param name="session">The session.</param>
    /// <param name="cancellationToken">Acts at once.</param>
    public ValueTask<ConversationKey?> FindConversationAsync(AgentSession session, CancellationToken cancellationToken = default) =>
        _conversation.FindAsync(session, cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask<AIContext> ProvideAIContextAsync(InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (await _conversation.FindAsync(context.Session, cancellationToken).ConfigureAwait(false) is not { } key) return new AIContext();
        if (_options.RecallTime == RecallTime.OnDemand) return new AIContext { Tools = [NewTool(key)] };
        string? question = context.AIContext.Messages?.LastOrDefault(message => message.Role == ChatRole.User)?.Text;
        if (string.IsNullOrWhiteSpace(question)) return new AIContext();
        string answer = await AskAsync(key, question, cancellationToken).ConfigureAwait(false);
        return answer.Length == 0 ? new AIContext() : new AIContext { Instructions = _options.Prompt + answer };
    }

    /// <inheritdoc/>
    protected override ValueTask StoreAIContextAsync(InvokedContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _options.Remembers
            ? _conversation.AppendAsync(context.Session, [.. context.RequestMessages, .. context.ResponseMessages ?? []], cancellationToken) : default;
    }

    private AIFunction NewTool(ConversationKey key) => AIFunctionFactory.Create(
        (string question, CancellationToken stop) => AskAsync(key, question, stop), RecallName, "Answers a question from what was said and read before.");

    private async Task<string> AskAsync(ConversationKey key, string question, CancellationToken cancellationToken) =>
        (await _memory.AskAsync(_client, key, question, _options.AnswerOptions, cancellationToken: cancellationToken).ConfigureAwait(false)).Text.Trim();
}
