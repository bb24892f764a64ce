using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Grammars;
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

    /// <summary>Grammars compiled so far; shared by all clients over one loaded model.</summary>
    public required GrammarCache Grammars { get; init; }

    /// <summary>How the model wants to be sampled; null where it does not say.</summary>
    public GenerationDefaults? Defaults { get; init; }

    /// <summary>The token that ends a text.</summary>
    public int EndOfText { get; init; } = WorldTokenizer.EndOfTextId;

    /// <summary>How long a turn may keep the engine from the others.</summary>
    public PassLimits Limits { get; init; } = PassLimits.Default;

    /// <summary>Lets requests in.</summary>
    public RequestQueue Requests { get; init; } = new(maxActive: 64, maxQueued: 256, TimeProvider.System);

    /// <summary>Parts of an answer that its reader may be behind before the turn waits.</summary>
    public int MaxUnread { get; init; } = 1024;

    /// <summary>How long a reader that is so far behind may take nothing.</summary>
    public TimeSpan ReaderTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether messages and answers may be logged.</summary>
    public bool LogsContent { get; init; }

    /// <summary>Gives the engine's passes to all turns, whichever client they are of.</summary>
    public PassScheduler Scheduler => field ??= PassScheduler.For(Model);

    public void Dispose()
    {
        Cache.Dispose();
        if (OwnsMemory) Memory.Dispose();
    }
}
