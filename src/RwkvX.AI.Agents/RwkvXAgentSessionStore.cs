using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Agents.AI;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Agents;

/// <summary>Agents' sessions, kept with the stored conversations that they are sessions of.</summary>
/// <remarks>
/// <para>A session of this model's agent is its conversation's id. Saving keeps a fork of the conversation as it stands, and getting gives a session
/// over a fork of that one: each is independent of all others, as a store's sessions must be, and none costs a copy or a pass.</para>
/// <para>Sessions of other agents are kept as their JSON alone.</para>
/// </remarks>
[Experimental("MAAI001")]
public sealed class RwkvXAgentSessionStore : AgentSessionStore
{
    private const string ConversationId = "conversationId"; // what ChatClientAgent's sessions call it in JSON
    private const string SavedPrefix = "session-saved-";
    private const string BranchPrefix = "session-branch-";

    private readonly IRwkvXMemory _memory;
    private readonly SessionRecords _records;
    private readonly RwkvXAgentSessionStoreOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates the store.</summary>
    /// <param name="memory">Where the conversations are.</param>
    /// <param name="store">Where sessions are kept; the store of the memory, so that both are as durable.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="timeProvider">Null for the system's clock; the one of the store.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public RwkvXAgentSessionStore(IRwkvXMemory memory, IStateStore store, RwkvXAgentSessionStoreOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(store);
        (_memory, _options, _time) = (memory, options ?? new RwkvXAgentSessionStoreOptions(), timeProvider ?? TimeProvider.System);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.BranchLifetime, TimeSpan.Zero, nameof(_options.BranchLifetime));
        _records = new SessionRecords(store, memory.Binding);
    }

    /// <inheritdoc/>
    public override async ValueTask SaveSessionAsync(AIAgent agent, AgentSessionStoreKey key, AgentSession session, CancellationToken cancellationToken = default)
    {
        ConversationKey record = RecordKey(agent, key);
        ArgumentNullException.ThrowIfNull(session);
        JsonElement json = await agent.SerializeSessionAsync(session, cancellationToken: cancellationToken).ConfigureAwait(false);
        JsonObject saved = JsonObject.Create(json) ?? throw new ArgumentException($"session: expected a JSON object, found {json.ValueKind}", nameof(session));
        JsonObject? before = await _records.ReadAsync(record, cancellationToken).ConfigureAwait(false);
        if (NameIn(saved) is { } name && await ForkAsync(record.Tenant, name, SavedPrefix, null, cancellationToken).ConfigureAwait(false) is { } fork)
        {
            saved[ConversationId] = fork;
            if (name.StartsWith(BranchPrefix, StringComparison.Ordinal))
                await _memory.SetExpiryAsync(new ConversationKey(record.Tenant, name), _time.GetUtcNow() + _options.BranchLifetime, cancellationToken).ConfigureAwait(false);
        }

        await _records.WriteAsync(record, saved, cancellationToken).ConfigureAwait(false);
        await DeleteSavedAsync(record.Tenant, before, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="ConversationNotFoundException">The session is stored, but its conversation was deleted.</exception>
    public override async ValueTask<AgentSession?> GetSessionAsync(AIAgent agent, AgentSessionStoreKey key, CancellationToken cancellationToken = default)
    {
        ConversationKey record = RecordKey(agent, key);
        if (await _records.ReadAsync(record, cancellationToken).ConfigureAwait(false) is not { } saved) return null;
        if (NameIn(saved) is { } name && name.StartsWith(SavedPrefix, StringComparison.Ordinal))
        {
            saved[ConversationId] = await ForkAsync(record.Tenant, name, BranchPrefix, _options.BranchLifetime, cancellationToken).ConfigureAwait(false)
                ?? throw new ConversationNotFoundException(new ConversationKey(record.Tenant, name));
        }

        using JsonDocument json = JsonDocument.Parse(saved.ToJsonString());
        return await agent.DeserializeSessionAsync(json.RootElement.Clone(), cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask DeleteSessionAsync(AIAgent agent, AgentSessionStoreKey key, CancellationToken cancellationToken = default)
    {
        ConversationKey record = RecordKey(agent, key);
        JsonObject? saved = await _records.ReadAsync(record, cancellationToken).ConfigureAwait(false);
        await _records.RemoveAsync(record, cancellationToken).ConfigureAwait(false);
        await DeleteSavedAsync(record.Tenant, saved, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A fork's name; null where the conversation is none of this memory.</summary>
    private async ValueTask<string?> ForkAsync(string tenant, string name, string prefix, TimeSpan? timeToLive, CancellationToken cancellationToken)
    {
        ConversationKey fork = new(tenant, $"{prefix}{Guid.NewGuid():n}");
        try
        {
            await _memory.ForkAsync(new ConversationKey(tenant, name), fork, null, new ConversationOptions { TimeToLive = timeToLive }, cancellationToken).ConfigureAwait(false);
            return fork.Name;
        }
        catch (ConversationNotFoundException)
        {
            return null;
        }
    }

    private async ValueTask DeleteSavedAsync(string tenant, JsonObject? saved, CancellationToken cancellationToken)
    {
        if (saved is null || NameIn(saved) is not { } name || !name.StartsWith(SavedPrefix, StringComparison.Ordinal)) return;
        try
        {
            await _memory.DeleteAsync(new ConversationKey(tenant, name), cancellationToken).ConfigureAwait(false);
        }
        catch (ConversationNotFoundException)
        {
            // Somebody was faster.
        }
    }

    private static string? NameIn(JsonObject session) =>
        session[ConversationId] is JsonValue value && value.TryGetValue(out string? name) && !string.IsNullOrEmpty(name) ? name : null;

    /// <summary>Agents are told apart by their names, which stay the same from process to process; their ids need not.</summary>
    private ConversationKey RecordKey(AIAgent agent, AgentSessionStoreKey key)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(key);
        string? tenant = null;
        if (_options.TenantPartition is { } partition) key.Partitions?.TryGetValue(partition, out tenant);
        IEnumerable<string> parts = (key.Partitions ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => (string[])[pair.Key, pair.Value]);
        string identity = JsonSerializer.Serialize((string[])[agent.Name ?? "", key.SessionId, .. parts]);
        return new ConversationKey(tenant ?? _options.Tenant, $"session-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))}");
    }
}
