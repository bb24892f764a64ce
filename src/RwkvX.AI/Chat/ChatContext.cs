using RwkvX.AI.Checkpoints;
using RwkvX.AI.Generation;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Prompts;
using RwkvX.AI.Sessions;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Chat;

/// <summary>What all turns of one client share.</summary>
internal sealed class ChatContext : IDisposable
{
    public required IRwkvXModel Model { get; init; }

    public required WorldTokenizer Tokenizer { get; init; }

    public required IPromptTemplate Template { get; init; }

    public required PrefixCache Cache { get; init; }

    /// <summary>Stored conversations.</summary>
    public required RwkvXMemory Memory { get; init; }

    /// <summary>Whether <see cref="Memory"/> is disposed with the client.</summary>
    public bool OwnsMemory { get; init; }

    /// <summary>Whose requests these are where they do not say.</summary>
    public required string Tenant { get; init; }

    /// <summary>Whether requests begin stored conversations where they do not say.</summary>
    public bool StoreConversations { get; init; }

    public required string ModelId { get; init; }

    /// <summary>How the model wants to be sampled; null where it does not say.</summary>
    public GenerationDefaults? Defaults { get; init; }

    /// <summary>The token that ends a text.</summary>
    public int EndOfText { get; init; } = WorldTokenizer.EndOfTextId;

    /// <summary>Tokens of a prompt in one pass.</summary>
    public int PrefillSpan { get; init; } = TokenGenerator.DefaultPrefillSpan;

    /// <summary>
    /// Held for one engine pass. Turns wait for it in order and without a thread, so that any number of them share an engine
    /// fairly, and a waiting one is cancelled at once.
    /// </summary>
    public SemaphoreSlim Passes { get; } = new(1, 1);

    public void Dispose()
    {
        Cache.Dispose();
        if (OwnsMemory) Memory.Dispose();
    }
}
