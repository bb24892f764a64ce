using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Testing.Memory;

/// <summary>A client and its memory over a store, with a model whose state is its history: what a conversation holds can be read off it.</summary>
public sealed class MemoryHarness : IAsyncDisposable
{
    private readonly RwkvXChatClient _client;
    private readonly RwkvXMemory _memory;

    private MemoryHarness(IStateStore store, ScriptedModel model, RwkvXOptions options)
    {
        (Store, Model) = (store, model);
        _client = new RwkvXChatClient(model, Vocabulary, options, ownsModel: true);
        _memory = _client.GetRequiredService<RwkvXMemory>();
    }

    /// <summary>The embedded model's vocabulary.</summary>
    public static WorldTokenizer Vocabulary { get; } = WorldTokenizer.Load(Repository.EmbeddedVocabulary); // a pack for a GPU has no embedded model

    /// <summary>The store, which the harness owns.</summary>
    public IStateStore Store { get; }

    /// <summary>The engine.</summary>
    public ScriptedModel Model { get; }

    /// <summary>The memory.</summary>
    public IRwkvXMemory Memory => _memory;

    /// <summary>Bytes of states with the engine, and in main memory.</summary>
    public (long Resident, long Host) Bytes => (_memory.ResidentBytes, _memory.HostBytes);

    /// <summary>Opens one over a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="residentBytes">What stays with the engine; small to have states evicted all the time.</param>
    /// <param name="snapshotTokens">Tokens between stored states.</param>
    /// <param name="hostBytes">What stays in main memory of what had to leave the engine.</param>
    public static MemoryHarness Open(IStateStore store, long residentBytes = 30_000, int snapshotTokens = 40, long? hostBytes = null) => new(
        store,
        ScriptedModel.Hashing(Vocabulary.VocabularySize),
        new RwkvXOptions { StateStore = store, ResidentBytes = residentBytes, HostBytes = hostBytes, SnapshotTokens = snapshotTokens, PrefillSpan = 16, PrefixCacheBytes = 0 });

    /// <summary>A turn through the client.</summary>
    public async Task<string> AskAsync(ConversationKey key, string question, CancellationToken cancellationToken = default)
    {
        ChatOptions options = new()
        {
            ConversationId = key.Name,
            Temperature = 0,
            MaxOutputTokens = 6,
            AdditionalProperties = new() { ["rwkvx.tenant"] = key.Tenant },
        };
        return (await _client.GetResponseAsync(new ChatMessage(ChatRole.User, question), options, cancellationToken)).Text;
    }

    /// <summary>The tokens that a conversation's state has consumed, wherever the state comes from.</summary>
    public async Task<int[]> HistoryAsync(ConversationKey key)
    {
        await using ConversationEdit edit = await _memory.States.BeginAsync(key, create: false, CancellationToken.None);
        return ((ScriptedState)edit.State).History.ToArray();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Store.DisposeAsync();
    }
}
