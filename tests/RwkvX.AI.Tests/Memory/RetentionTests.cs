using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Cpu;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Models;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Memory;

/// <summary>Pages are dropped only where the policy says so, by use, and the conversation says so too.</summary>
public sealed class RetentionTests : IDisposable
{
    private const int PageBytes = 16 * 128 * 2 * sizeof(float); // chunk 16, C 128
    private const int Budget = 12 * PageBytes;                  // of two layers

    private static readonly ConversationKey Key = new("default", "c");
    private readonly TinyModel _tiny = TinyModel.Create(layers: 4, sparseLayers: 2, vocabulary: Vocabularies.Embedded.VocabularySize);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task KeepBudget_TurnsAndDocuments_HoldsItAndSaysWhatItDropped()
    {
        await using IStateStore store = InMemoryStateStore.Create();
        using RwkvXChatClient client = Open(store, RetentionPolicy.KeepBudget(Budget));
        RwkvXMemory memory = client.GetRequiredService<RwkvXMemory>();
        (long dropped, long droppedBytes) = (0, 0);
        for (int step = 0; step < 12; step++)
        {
            (long pages, long bytes) = await StepAsync(client, step);
            dropped += pages;
            droppedBytes += bytes;
            MemoryStats stats = await memory.StatAsync(Key, Cancellation);
            List<PageUse> full = [.. stats.Pages!.Layers.SelectMany(layer => layer).Where(page => page.RowCount == 16)];
            Assert.InRange(full.Where(page => page.Location != PageLocation.Dropped).Sum(page => page.Bytes), 0, Budget);
            Assert.Equal((dropped, droppedBytes), (stats.Stored.DroppedPages, stats.Stored.DroppedBytes));
            Assert.Equal(dropped, stats.Pages.PagesIn(PageLocation.Dropped));
            Assert.Equal(dropped * PageBytes, droppedBytes);
            Assert.Equal(RetentionPolicy.KeepBudget(Budget), stats.Retention);
            Assert.True(stats.Stored.DropBudget is null or Budget);
            long newest = stats.Stored.Info.Head.Tokens / 16;
            Assert.All(stats.Pages.Layers, layer => Assert.NotEqual(PageLocation.Dropped, layer[(int)newest - 1].Location));
        }

        Assert.True(dropped > 50, $"{dropped} pages were dropped");
        Assert.Empty(await memory.VerifyAsync(Cancellation));
        await memory.CollectAsync(Cancellation);
        Assert.InRange((await memory.StatAsync(Key, Cancellation)).Stored.PageBytes, 0, 3 * Budget); // two states, and the means
    }

    [Fact]
    public async Task KeepAll_IsTheDefaultAndDropsNothing()
    {
        await using IStateStore store = InMemoryStateStore.Create();
        using RwkvXChatClient client = Open(store, null);
        for (int step = 0; step < 8; step++) Assert.Equal((0, 0), await StepAsync(client, step));
        ChatResponse response = await AskAsync(client, "And?");
        Assert.Equal(("keep-all", 0L, 0L), (response.AdditionalProperties!["rwkvx.retention"], response.AdditionalProperties["rwkvx.dropped_pages"], response.AdditionalProperties["rwkvx.dropped_bytes"]));
        MemoryStats stats = await client.GetRequiredService<RwkvXMemory>().StatAsync(Key, Cancellation);
        Assert.Equal((0L, 0L, null, 0), (stats.Stored.DroppedPages, stats.Stored.DroppedBytes, stats.Stored.DropBudget, stats.Pages!.PagesIn(PageLocation.Dropped)));
        Assert.DoesNotContain(await store.ReadAsync(Key, Cancellation), record => record is DropRecord);
    }

    [Theory]
    [InlineData(1)]    // a state after every turn
    [InlineData(100)]  // some of the way is replayed
    [InlineData(1 << 20)] // all of it is
    public async Task KeepBudget_RestoredAfterEveryStep_IsBitForBitTheUninterrupted(int snapshotTokens)
    {
        await using IStateStore store = InMemoryStateStore.Create(), other = InMemoryStateStore.Create();
        using RwkvXChatClient uninterrupted = Open(other, RetentionPolicy.KeepBudget(Budget));
        for (int step = 0; step < 10; step++)
        {
            using RwkvXChatClient client = Open(store, RetentionPolicy.KeepBudget(Budget), snapshotTokens);
            Assert.Equal(await StepAsync(uninterrupted, step), await StepAsync(client, step));
            ExpectSame(await ExportAsync(uninterrupted), await ExportAsync(client));
        }

        IEnumerable<LogRecord> records = await store.ReadAsync(Key, Cancellation);
        Assert.Equal((await other.ReadAsync(Key, Cancellation)).OfType<DropRecord>(), records.OfType<DropRecord>());
        Assert.True(records.OfType<DropRecord>().Count() > 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task States_ThroughMainMemoryAtEveryStep_AreBitForBitTheUninterrupted(bool keepBudget)
    {
        RetentionPolicy policy = keepBudget ? RetentionPolicy.KeepBudget(Budget) : RetentionPolicy.KeepAll;
        ConversationKey fork = new("default", "fork");
        await using IStateStore store = InMemoryStateStore.Create(), other = InMemoryStateStore.Create();
        using RwkvXChatClient uninterrupted = Open(other, policy), moved = Open(store, policy, snapshotTokens: 1 << 20, residentBytes: 0);
        IRwkvXMemory memory = moved.GetRequiredService<IRwkvXMemory>();
        for (int step = 0; step < 10; step++)
        {
            Assert.Equal(await StepAsync(uninterrupted, step), await StepAsync(moved, step));
            ExpectSame(await ExportAsync(uninterrupted), await ExportAsync(moved));
            if (step == 5) await memory.ForkAsync(Key, fork, cancellationToken: Cancellation);
        }

        Assert.Equal(RestoredFrom.Host, (await memory.AppendAsync(fork, "Mine.", cancellationToken: Cancellation)).Restored.From);
        Assert.Equal(RestoredFrom.Host, (await memory.AppendAsync(Key, "Yours.", cancellationToken: Cancellation)).Restored.From);
        Assert.True(keepBudget == (await store.StatAsync(Key, Cancellation)).DroppedPages > 50);
        MemoryStats mine = await memory.StatAsync(fork, Cancellation), yours = await memory.StatAsync(Key, Cancellation);
        Assert.Equal((0L, 0L), (mine.ResidentBytes, yours.ResidentBytes));
        Assert.InRange(moved.GetRequiredService<RwkvXMemory>().HostBytes, yours.HostBytes + 1, yours.HostBytes + (2 * mine.HostBytes) - 1); // and the place that was forked, of which both have pages
        await memory.DeleteAsync(fork, Cancellation);
        await memory.DeleteAsync(Key, Cancellation);
        Assert.Equal(0, moved.GetRequiredService<RwkvXMemory>().HostBytes);
    }

    [Fact]
    public async Task KeepBudget_ForksAndRewoundOnes_HoldWhatWasThereAtTheirPlace()
    {
        await using IStateStore store = InMemoryStateStore.Create();
        ConversationKey fork = new("default", "fork");
        using RwkvXChatClient whole = Open(store, null);
        IRwkvXMemory memory = whole.GetRequiredService<IRwkvXMemory>();
        for (int step = 0; step < 6; step++) await StepAsync(whole, step);
        await memory.CheckpointAsync(Key, "full", Cancellation);
        StateSnapshot expected = await ExportAsync(whole);
        await memory.ForkAsync(Key, fork, cancellationToken: Cancellation);
        using (RwkvXChatClient narrow = Open(store, RetentionPolicy.KeepBudget(Budget)))
        {
            Assert.True((await StepAsync(narrow, 6)).Pages > 0);
            ExpectSame(expected, await ExportAsync(narrow, fork));
            Assert.Equal(0, (await store.StatAsync(fork, Cancellation)).DroppedPages);
            await narrow.GetRequiredService<IRwkvXMemory>().RewindAsync(Key, "full", Cancellation);
            ExpectSame(expected, await ExportAsync(narrow));
            Assert.Equal(0, (await store.StatAsync(Key, Cancellation)).DroppedPages);
        }

        Assert.Empty(await store.VerifyAsync(Cancellation));
    }

    [Fact]
    public async Task KeepBudget_ALongDocument_IsReadWithinItAndReplaysAsItWasRead()
    {
        await using IStateStore store = InMemoryStateStore.Create();
        string document = string.Join(' ', Enumerable.Range(0, 3600).Select(i => $"{i * 7919 % 1000}"));
        StateSnapshot expected;
        using (RwkvXChatClient client = Open(store, RetentionPolicy.KeepBudget(Budget), snapshotTokens: 1 << 20))
        {
            AppendResult result = await client.GetRequiredService<IRwkvXMemory>().AppendAsync(Key, document, new AppendOptions { CreateIfMissing = true }, Cancellation);
            Assert.True(result.Tokens > 9_000 && result.DroppedPages > 1000, $"{result.Tokens} tokens, {result.DroppedPages} pages");
            expected = await ExportAsync(client);
        }

        Assert.True((await store.ReadAsync(Key, Cancellation)).OfType<DropRecord>().Count() > 1, "dropped once, at the end");
        using RwkvXChatClient again = Open(store, RetentionPolicy.KeepBudget(Budget));
        ExpectSame(expected, await ExportAsync(again));
    }

    [Fact]
    public void Apply_PagesOfDifferentUse_DropsTheLeastUsedAndTheNewestLast()
    {
        using CpuModel model = _tiny.Engine();
        using RwkvXState state = model.CreateState();
        model.ChoiceHook = (_, _, _, chunks) => (chunks[0], chunks[1]) = (0, 2); // everybody looks at two chunks
        model.Forward(state, _tiny.Tokens(16 * 20), Memory<float>.Empty);
        Assert.Null(PageRetention.Apply(state, 16, 40 * PageBytes));
        DropRecord drop = PageRetention.Apply(state, 16, 16 * PageBytes)!; // of 40
        Assert.Equal((24, 24L * PageBytes, 16L * PageBytes), (drop.Pages.Count, drop.Bytes, drop.Budget));
        foreach (IReadOnlyList<PageUse> layer in state.GetPageUsage().Layers)
            Assert.All((int[])[0, 2, 18, 19], chunk => Assert.NotEqual(PageLocation.Dropped, layer[chunk].Location)); // used, and the newest two of each layer
        Assert.Equal(16, PageRetention.Apply(state, 16, 0)!.Pages.Count);
        Assert.Equal(40, state.DroppedPages);
        model.Forward(state, _tiny.Tokens(40), Memory<float>.Empty); // goes on without any
    }

    [Fact]
    public void Apply_WholeChunks_RanksThemByTheLooksOfAllLayers()
    {
        using CpuModel model = _tiny.Engine();
        using RwkvXState state = model.CreateState();
        model.ChoiceHook = (layer, _, _, chunks) => (chunks[0], chunks[1]) = layer == 0 ? (0, 2) : (2, 4);
        model.Forward(state, _tiny.Tokens(16 * 20), Memory<float>.Empty);
        DropRecord drop = PageRetention.Apply(state, 16, 16 * PageBytes, wholeChunks: true)!; // 8 chunks of 20
        Assert.Equal((24, 24L * PageBytes), (drop.Pages.Count, drop.Bytes));
        Assert.Equal(drop.Pages.Where(page => page.Layer == 0).Select(page => page.Chunk), drop.Pages.Where(page => page.Layer == 1).Select(page => page.Chunk));
        Assert.DoesNotContain(drop.Pages, page => page.Chunk is 0 or 2 or 4 or 18 or 19); // used in one layer or both, and the newest two
        Assert.Equal(2 * 4, PageRetention.Apply(state, 16, 9 * PageBytes, wholeChunks: true)!.Pages.Count); // no half chunk stays
        Assert.Equal(32, state.DroppedPages);
    }

    [Fact]
    public void Policy_Texts_AreReadAndRefused()
    {
        Assert.Equal(RetentionPolicy.KeepAll, RetentionPolicy.Parse("keep-all"));
        Assert.Equal(RetentionPolicy.KeepBudget(5), RetentionPolicy.Parse(RetentionPolicy.KeepBudget(5).ToString()));
        foreach (string text in (string[])["", "keep", "keep-budget", "keep-budget:-1", "keep-budget:x", "keep-budget:1:2"])
            Assert.Throws<FormatException>(() => RetentionPolicy.Parse(text));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetentionPolicy.KeepBudget(-1));
    }

    [Fact]
    public void KeepBudget_AnEngineThatKeepsAllPages_IsRefused()
    {
        using ScriptedModel model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
        NotSupportedException error = Assert.Throws<NotSupportedException>(
            () => new RwkvXMemory(model, Vocabularies.Embedded, null, new RwkvXMemoryOptions { Retention = RetentionPolicy.KeepBudget(1) }));
        Assert.Contains("keep-budget:1", error.Message, StringComparison.Ordinal);
    }

    private RwkvXChatClient Open(IStateStore store, RetentionPolicy? retention, int snapshotTokens = 128, long? residentBytes = null)
    {
        RwkvXOptions options = new() { StateStore = store, SnapshotTokens = snapshotTokens, PrefixCacheBytes = 0, ResidentBytes = residentBytes };
        if (residentBytes is not null) options.HostBytes = 1L << 30;
        if (retention is not null) options.Retention = retention;
        return new RwkvXChatClient(_tiny.Engine(), Vocabularies.Embedded, options, ownsModel: true);
    }

    /// <summary>A turn or a document; says how many pages and bytes were dropped.</summary>
    private static async Task<(long Pages, long Bytes)> StepAsync(RwkvXChatClient client, int step)
    {
        string text = string.Join(' ', Enumerable.Range(0, 40).Select(i => $"{(step + 3) * (i + 17) * 7919 % 1000}"));
        if (step % 3 == 0)
        {
            AppendResult result = await client.GetRequiredService<IRwkvXMemory>().AppendAsync(Key, text, new AppendOptions { CreateIfMissing = true }, Cancellation);
            return (result.DroppedPages, result.DroppedBytes);
        }

        ChatResponse response = await AskAsync(client, text);
        return ((long)response.AdditionalProperties!["rwkvx.turn_dropped_pages"]!, (long)response.AdditionalProperties["rwkvx.turn_dropped_bytes"]!);
    }

    private static Task<ChatResponse> AskAsync(RwkvXChatClient client, string text) => client.GetResponseAsync(
        new ChatMessage(ChatRole.User, text), new ChatOptions { ConversationId = Key.Name, Temperature = 1, Seed = 7, MaxOutputTokens = 20 }, Cancellation);

    private static async Task<StateSnapshot> ExportAsync(RwkvXChatClient client, ConversationKey? key = null)
    {
        await using ConversationEdit edit = await client.GetRequiredService<RwkvXMemory>().States.BeginAsync(key ?? Key, create: false, Cancellation);
        return client.GetRequiredService<IRwkvXModel>().Export(edit.State);
    }

    private static void ExpectSame(StateSnapshot expected, StateSnapshot found)
    {
        Assert.Equal(expected.TokenCount, found.TokenCount);
        for (int i = 0; i < expected.RwkvLayers.Count; i++) TensorAssert.SameBits(expected.RwkvLayers[i].Wkv, found.RwkvLayers[i].Wkv, $"layer {i}");
        foreach ((SparseLayerSnapshot a, SparseLayerSnapshot b) in expected.SparseLayers.Zip(found.SparseLayers))
        {
            Assert.Equal(a.Pages.Select(page => page.IsDropped), b.Pages.Select(page => page.IsDropped));
            Assert.Equal(a.Looks, b.Looks);
            foreach ((PageSnapshot p, PageSnapshot q) in a.Pages.Zip(b.Pages))
                Assert.True(p.Keys.Span.SequenceEqual(q.Keys.Span) && p.Values.Span.SequenceEqual(q.Values.Span), "pages");
        }
    }
}
