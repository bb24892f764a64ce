using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;

namespace RwkvX.AI.Testing.Memory;

/// <summary>A conversation with the embedded model, step by step the same in any process: each step says a hash of the answer and of every bit of the state.</summary>
public sealed class LongTalk : IAsyncDisposable
{
    private static readonly ConversationKey Key = new("default", "talk");
    private readonly IStateStore _store;
    private readonly RwkvXChatClient _client;

    private LongTalk(IStateStore store, RetentionPolicy retention)
    {
        _store = store;
        _client = new RwkvXChatClient(new RwkvXOptions { StateStore = store, Retention = retention });
    }

    /// <summary>Opens the conversation of a store, or begins it.</summary>
    /// <param name="store">The store, which it owns.</param>
    /// <param name="retention">What becomes of its pages.</param>
    public static async Task<LongTalk> OpenAsync(IStateStore store, RetentionPolicy retention)
    {
        LongTalk talk = new(store, retention);
        if ((await store.ListAsync(Key.Tenant)).Count == 0) await talk._client.GetRequiredService<IRwkvXMemory>().CreateAsync(Key);
        return talk;
    }

    /// <summary>Does a step.</summary>
    /// <param name="step">Its number, which decides what is done.</param>
    /// <returns>What came of it, in one line.</returns>
    public async Task<string> StepAsync(int step)
    {
        Random random = new(step);
        string text = $"Item {step}: {string.Join(' ', Enumerable.Range(0, random.Next(2, 60)).Select(_ => (char)('a' + random.Next(26)) + "at"))}.";
        string answer = "";
        if (random.Next(3) == 0)
        {
            await _client.GetRequiredService<IRwkvXMemory>().AppendAsync(Key, text);
        }
        else
        {
            ChatOptions options = new() { ConversationId = Key.Name, Temperature = 1, Seed = step, MaxOutputTokens = random.Next(1, 24) };
            answer = (await _client.GetResponseAsync(new ChatMessage(ChatRole.User, text), options)).Text;
        }

        string state = await HashStateAsync(), said = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(answer)))[..16];
        return string.Create(CultureInfo.InvariantCulture, $"{step} {said} {state}");
    }

    /// <summary>Pages that it has dropped so far.</summary>
    public async Task<long> DroppedPagesAsync() => (await _store.StatAsync(Key)).DroppedPages;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _store.DisposeAsync();
    }

    private async Task<string> HashStateAsync()
    {
        await using ConversationEdit edit = await _client.GetRequiredService<RwkvXMemory>().States.BeginAsync(Key, create: false, CancellationToken.None);
        StateSnapshot snapshot = _client.GetRequiredService<IRwkvXModel>().Export(edit.State);
        using IPageLease? pages = snapshot.Lease;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (RwkvLayerSnapshot layer in snapshot.RwkvLayers)
            foreach (float[] values in (float[][])[layer.AttXPrev, layer.Wkv, layer.FfnXPrev]) hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
        foreach (SparseLayerSnapshot layer in snapshot.SparseLayers)
        {
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(layer.FfnXPrev));
            foreach (PageSnapshot page in layer.Pages)
            {
                hash.AppendData(page.Keys.Span);
                hash.AppendData(page.Values.Span);
                hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(page.Mean ?? []));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset())[..16];
    }
}
