using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Stores;

// States: written, found again, dropped in part, let go.
public abstract partial class StateStoreConformance
{
    [Fact]
    public async Task Open_AtAnyPlace_RestoresBitForBit()
    {
        await using IStateStore store = NewStore(TimeProvider.System, snapshotsKept: 5);
        Random random = new(3);
        List<LogPosition> places = [];
        List<LogRecord> all = [];
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        for (int i = 0; i < 30; i++)
        {
            List<LogRecord> records = StoreScript.Records(random);
            all.AddRange(records);
            places.Add(await writer.AppendAsync(records));
            if (i % 4 == 0) await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        }

        int fromSnapshot = 0;
        foreach (LogPosition place in places)
        {
            using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding, new OpenOptions { Position = place });
            Assert.Equal(place, opened.Position);
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all.Take((int)place.Record)), ToyEngine.Restore(opened)));
            Assert.Empty(opened.Problems);
            if (opened.Snapshot is not null) fromSnapshot++;
        }

        Assert.True(fromSnapshot > places.Count / 3, $"only {fromSnapshot} places were restored from a stored state");
    }

    [Fact]
    public async Task Open_OtherBinding_OffersTheTranscript()
    {
        await using IStateStore store = NewStore();
        await (await store.CreateAsync(Key, ToyEngine.Binding)).DisposeAsync();
        StateBinding other = ToyEngine.Binding with { Model = "model-2" };
        WrongModelException error = await Assert.ThrowsAsync<WrongModelException>(async () => await store.OpenAsync(Key, other));
        Assert.Equal((Key, other, ToyEngine.Binding), (error.Key, error.Expected, error.Found));
        await Assert.ThrowsAsync<WrongModelException>(async () => await store.LeaseAsync(Key, other));
        Assert.Empty(await store.ReadAsync(error.Key));
        await using IConversationWriter writer = await store.LeaseAsync(Key, ToyEngine.Binding, LeaseMode.FailFast); // the failed one holds nothing
    }

    [Fact]
    public async Task Snapshot_OfAnotherPlace_IsRefused()
    {
        await using IStateStore store = NewStore();
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        await writer.AppendAsync([Tokens(1, 2, 3)]);
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.PutSnapshotAsync(ToyEngine.Run(ToyEngine.Empty(), [1, 2], [2])));
    }

    [Fact]
    public async Task Snapshots_OfTheSameHistory_StoreEachPageOnce()
    {
        await using IStateStore store = NewStore(TimeProvider.System, snapshotsKept: 100);
        Random random = new(8);
        List<LogRecord> all = [];
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        for (int i = 0; i < 20; i++)
        {
            List<LogRecord> records = StoreScript.Records(random);
            all.AddRange(records);
            await writer.AppendAsync(records);
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        }

        ConversationStats stats = await store.StatAsync(Key);
        RwkvXConfig config = ToyEngine.Config;
        long pages = stats.Info.Head.Tokens / config.MobaChunkSize * config.SparseLayerCount;
        Assert.Equal(20, stats.Snapshots.Count);
        Assert.Equal(pages * ((2 * config.MobaChunkSize * config.EmbeddingSize * 4) + (config.EmbeddingSize * 4)), stats.PageBytes);
    }

    [Fact]
    public async Task Drop_OfPages_IsLoggedRestoredExportedAndFreesWhatNoPlaceNeeds()
    {
        await using IStateStore store = NewStore(TimeProvider.System, snapshotsKept: 1);
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        List<LogRecord> all = [new TokensRecord(Enumerable.Range(0, 42).ToArray())]; // 10 pages in each of two layers, and a rest
        await writer.AppendAsync(all);
        await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        long bytes = (await store.StatAsync(Key)).PageBytes;
        PageId[] dropped = [.. Enumerable.Range(1, 8).Select(chunk => new PageId(0, chunk)), new PageId(1, 0), new PageId(1, 9)];
        LogRecord[] more = [new DropRecord(dropped, 1000, 500), Tokens(1, 2, 3)];
        all.AddRange(more);
        await writer.AppendAsync(more);
        ConversationKey before = new("alice", "before"), copy = new("alice", "copy");
        ConversationStats stats = await store.StatAsync(Key);
        Assert.Equal((10, 1000, 500), (stats.DroppedPages, stats.DroppedBytes, stats.DropBudget));
        await CheckAsync(store, Key); // by the log
        await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        await CheckAsync(store, Key);
        stats = await store.StatAsync(Key);
        Assert.Equal(bytes / 20 * 12, stats.PageBytes); // one more page in each layer by now
        await store.CollectAsync();
        Assert.Empty(await store.VerifyAsync());

        using MemoryStream file = new();
        await store.ExportAsync(Key, file);
        file.Position = 0;
        await store.ImportAsync(file, copy);
        await CheckAsync(store, copy);
        Assert.Equal((10, bytes / 20 * 12), ((await store.StatAsync(copy)).DroppedPages, (await store.StatAsync(copy)).PageBytes));
        await store.ForkAsync(Key, before, new OpenOptions { Position = new LogPosition(1, 42) });
        Assert.Equal((0, null), ((await store.StatAsync(before)).DroppedPages, (await store.StatAsync(before)).DropBudget));
        using StoredState whole = await store.OpenAsync(before, ToyEngine.Binding);
        Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all.Take(1)), ToyEngine.Restore(whole)));

        async Task CheckAsync(IStateStore from, ConversationKey key)
        {
            using StoredState opened = await from.OpenAsync(key, ToyEngine.Binding);
            Assert.NotNull(opened.Snapshot);
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all), ToyEngine.Restore(opened)));
        }
    }

    [Fact]
    public async Task Snapshots_BeyondThoseKept_GoButLabelsKeepTheirs()
    {
        await using IStateStore store = NewStore(TimeProvider.System, snapshotsKept: 1);
        List<LogRecord> all = [];
        Random random = new(9);
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        for (int i = 0; i < 10; i++)
        {
            List<LogRecord> records = i == 3 ? [Tokens(1, 2), new CheckpointRecord("kept")] : [.. StoreScript.Records(random).Where(record => record is not CheckpointRecord)];
            all.AddRange(records);
            await writer.AppendAsync(records);
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        }

        ConversationStats stats = await store.StatAsync(Key);
        Assert.Equal(2, stats.Snapshots.Count);
        Assert.Equal(stats.Checkpoints.Single().Position, stats.Snapshots[0]);
        await store.CollectAsync();
        Assert.Empty(await store.VerifyAsync());
        using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding, new OpenOptions { Checkpoint = "kept" });
        Assert.Empty(opened.Records);
    }

    [Fact]
    public async Task StoredState_Disposed_GivesNoMorePages()
    {
        await using IStateStore store = NewStore();
        await Fill(store, Key, 20);
        StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
        PageSnapshot page = opened.Snapshot!.SparseLayers[0].Pages[0];
        Assert.False(page.Keys.Span.IsEmpty);
        opened.Dispose();
        Assert.Throws<ObjectDisposedException>(() => page.Keys.Span.Length);
    }
}
