using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.SemanticKernel.Tests;

/// <summary>What a process has: a store opened in a folder, and a client and a memory over it. The next one in the same folder finds what it left.</summary>
internal sealed class StoredClient : IAsyncDisposable
{
    /// <summary>Opens the folder's store over a model that is loaded already.</summary>
    public StoredClient(RwkvXChatClient loaded, string root)
    {
        Store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        RwkvXOptions options = new() { StateStore = Store };
        Client = new RwkvXChatClient(loaded.GetRequiredService<IRwkvXModel>(), loaded.GetRequiredService<WorldTokenizer>(), options);
        Memory = Client.GetRequiredService<IRwkvXMemory>();
    }

    public IStateStore Store { get; }

    public RwkvXChatClient Client { get; }

    public IRwkvXMemory Memory { get; }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Store.DisposeAsync();
    }
}
