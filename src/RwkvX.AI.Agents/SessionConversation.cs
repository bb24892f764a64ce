using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Agents;

/// <summary>The stored conversation of a session, whose name lies in the session itself.</summary>
internal sealed class SessionConversation(IRwkvXMemory memory, string tenant, string stateKey, string? name, TimeSpan? timeToLive)
{
    private readonly ProviderSessionState<ConversationState> _state = new(
        _ => new ConversationState { Name = name ?? $"agent-{Guid.NewGuid():n}", IsStored = false }, stateKey, ConversationStateJson.Default.Options);

    public string StateKey => stateKey;

    /// <summary>Where the session's conversation is; null where nothing was said in it yet.</summary>
    /// <exception cref="ConversationNotFoundException">It was there and is gone.</exception>
    public async ValueTask<ConversationKey?> FindAsync(AgentSession? session, CancellationToken cancellationToken)
    {
        ConversationState state = _state.GetOrInitializeState(session);
        ConversationKey key = new(tenant, state.Name);
        if (!state.IsStored && name is null) return null; // nothing was said in this session
        try
        {
            await memory.StatAsync(key, cancellationToken).ConfigureAwait(false);
            return key;
        }
        catch (ConversationNotFoundException) when (!state.IsStored)
        {
            return null;
        }
    }

    /// <summary>Reads messages into the session's conversation, which is made where it is missing.</summary>
    public async ValueTask AppendAsync(AgentSession? session, IReadOnlyCollection<ChatMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0) return;
        ConversationState state = _state.GetOrInitializeState(session);
        ConversationKey key = new(tenant, state.Name);
        if (!state.IsStored && timeToLive is not null) await CreateAsync(key, cancellationToken).ConfigureAwait(false);
        await memory.AppendAsync(key, messages, new AppendOptions { CreateIfMissing = !state.IsStored }, cancellationToken).ConfigureAwait(false);
        state.IsStored = true;
        _state.SaveState(session, state);
    }

    private async ValueTask CreateAsync(ConversationKey key, CancellationToken cancellationToken)
    {
        try
        {
            await memory.CreateAsync(key, new ConversationOptions { TimeToLive = timeToLive }, cancellationToken).ConfigureAwait(false);
        }
        catch (ConversationExistsException) when (name is not null)
        {
            // A conversation that all sessions share.
        }
    }
}
