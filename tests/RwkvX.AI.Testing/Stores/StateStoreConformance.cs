using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using Xunit;

namespace RwkvX.AI.Testing.Stores;

/// <summary>What every <see cref="IStateStore"/> must do; derive a class per implementation.</summary>
public abstract partial class StateStoreConformance
{
    private static readonly ConversationKey Key = new("alice", "chat");

    /// <summary>A clock that stands still until told otherwise.</summary>
    protected sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>A new, empty store.</summary>
    protected abstract IStateStore NewStore(TimeProvider clock, IBlobCipher? cipher = null, int snapshotsKept = 2);

    private IStateStore NewStore() => NewStore(TimeProvider.System);

    [Fact]
    public async Task Append_ThenRead_GivesTheSameRecords()
    {
        await using IStateStore store = NewStore();
        List<LogRecord> all = [];
        await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding))
        {
            for (int i = 0; i < 20; i++)
            {
                List<LogRecord> records = StoreScript.Records(new Random(i));
                all.AddRange(records);
                LogPosition head = await writer.AppendAsync(records);
                Assert.Equal(all.Count, head.Record);
                Assert.Equal(head, writer.Head);
            }
        }

        Assert.Equal(all, await store.ReadAsync(Key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\r\nb\0c")]
    [InlineData("\ud800 lone")]
    [InlineData("💬 русский 日本語")]
    public async Task Transcript_AnyText_ComesBackVerbatim(string text)
    {
        await using IStateStore store = NewStore();
        TranscriptRecord piece = new(TranscriptKind.Document, "user", text) { Name = text, Extra = "{}", Continues = true };
        await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding)) await writer.AppendAsync([piece]);
        Assert.Equal(piece, Assert.Single(await store.ReadAsync(Key)));
    }

    [Fact]
    public async Task Append_MalformedRecords_WritesNothing()
    {
        await using IStateStore store = NewStore();
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([new TurnRecord(), new TokensRecord(Tokens(1, 2).Tokens, Tokens(1).Tokens)]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([new CheckpointRecord("")]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([new DropRecord([new PageId(0, 1), new PageId(0, 1)], 1, 1)]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendAsync([]));
        Assert.Empty(await store.ReadAsync(Key));
    }

    [Fact]
    public async Task Rewind_ThenAppend_ContinuesFromTheLabel()
    {
        await using IStateStore store = NewStore();
        TokensRecord first = Tokens(1, 2), second = Tokens(3), third = Tokens(4, 5);
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        await writer.AppendAsync([first, new CheckpointRecord("here")]);
        await writer.AppendAsync([second]);
        await writer.PutSnapshotAsync(ToyEngine.Replay(null, [first, second]));
        LogPosition head = await writer.RewindAsync("here");
        Assert.Equal(2, head.Tokens);
        await writer.AppendAsync([third]);
        Assert.Equal([first, new CheckpointRecord("here"), third], await store.ReadAsync(Key));
        using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
        Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, [first, third]), ToyEngine.Restore(opened)));
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await writer.RewindAsync("nowhere"));
    }

    [Fact]
    public async Task Fork_AtHeadAndLabel_SharesWhatIsBefore()
    {
        await using IStateStore store = NewStore();
        Random random = new(5);
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        List<LogRecord> before = [.. Enumerable.Range(0, 10).SelectMany(_ => StoreScript.Records(random)), new CheckpointRecord("fork")];
        await writer.AppendAsync(before);
        await writer.PutSnapshotAsync(ToyEngine.Replay(null, before));
        List<LogRecord> after = StoreScript.Records(random);
        await writer.AppendAsync(after);

        ConversationKey atLabel = new("alice", "label"), atHead = new("alice", "head");
        await store.ForkAsync(Key, atLabel, new OpenOptions { Checkpoint = "fork" });
        await store.ForkAsync(Key, atHead);
        await using (IConversationWriter fork = await store.LeaseAsync(atLabel, ToyEngine.Binding)) await fork.AppendAsync([Tokens(9)]);

        Assert.Equal([.. before, Tokens(9)], await store.ReadAsync(atLabel));
        Assert.Equal([.. before, .. after], await store.ReadAsync(atHead));
        Assert.Equal([.. before, .. after], await store.ReadAsync(Key));
        using StoredState opened = await store.OpenAsync(atLabel, ToyEngine.Binding);
        Assert.NotNull(opened.Snapshot);
        Assert.Single(opened.Records);
        ConversationStats stats = await store.StatAsync(atHead);
        Assert.True(stats.PageBytes > 0);
        Assert.True(stats.SharedBytes >= stats.PageBytes);
    }

    [Fact]
    public async Task Delete_WithForks_LeavesThemWholeAndRemovesTheRest()
    {
        await using IStateStore store = NewStore();
        ConversationKey fork = new("alice", "fork");
        Random random = new(6);
        List<LogRecord> before = [.. Enumerable.Range(0, 10).SelectMany(_ => StoreScript.Records(random)), new CheckpointRecord("fork")];
        await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding))
        {
            await writer.AppendAsync(before);
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, before));
            await store.ForkAsync(Key, fork);
            List<LogRecord> after = [.. Enumerable.Range(0, 10).SelectMany(_ => StoreScript.Records(random))];
            await writer.AppendAsync(after);
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, [.. before, .. after]));
        }

        DeleteResult first = await store.DeleteAsync(Key);
        Assert.True(first.BytesRemoved > 0 && first.BytesShared > 0);
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await store.ReadAsync(Key));
        Assert.Equal(before, await store.ReadAsync(fork));
        using (StoredState opened = await store.OpenAsync(fork, ToyEngine.Binding))
        {
            Assert.NotNull(opened.Snapshot);
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, before), ToyEngine.Restore(opened)));
        }

        Assert.Empty(await store.VerifyAsync());
        DeleteResult last = await store.DeleteAsync(fork);
        Assert.Equal(0, last.BytesShared);
        Assert.True(last.BytesRemoved > 0);
        Assert.Empty(await store.VerifyAsync());
        Assert.Empty(await store.ListAsync("alice"));
    }

    [Fact]
    public async Task Tenants_WithoutSharing_SeeNothingOfEachOther()
    {
        await using IStateStore store = NewStore();
        await (await store.CreateAsync(Key, ToyEngine.Binding)).DisposeAsync();
        ConversationKey mine = new("bob", "chat");
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await store.OpenAsync(mine, ToyEngine.Binding));
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await store.ForkAsync(Key, mine));
        Assert.Empty(await store.ListAsync("bob", includeShared: true));

        await store.ShareAsync(Key, "bob");
        ConversationInfo seen = Assert.Single(await store.ListAsync("bob", includeShared: true));
        Assert.Empty(seen.SharedWith);
        await store.ForkAsync(Key, mine);
        await store.UnshareAsync(Key, "bob");
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await store.ForkAsync(Key, new ConversationKey("bob", "again")));
        Assert.Empty(await store.ReadAsync(mine));
    }

    [Fact]
    public async Task Lease_Held_FailsFastOrWaits()
    {
        await using IStateStore store = NewStore();
        IConversationWriter first = await store.CreateAsync(Key, ToyEngine.Binding);
        await Assert.ThrowsAsync<ConversationLockedException>(async () => await store.LeaseAsync(Key, ToyEngine.Binding, LeaseMode.FailFast));
        await Assert.ThrowsAsync<ConversationLockedException>(async () => await store.DeleteAsync(Key, LeaseMode.FailFast));
        Task<IConversationWriter> waiting = store.LeaseAsync(Key, ToyEngine.Binding).AsTask();
        Assert.False(waiting.IsCompleted);
        await first.AppendAsync([new TurnRecord()]);
        await first.DisposeAsync();
        await using IConversationWriter second = await waiting;
        Assert.Equal(1, second.Head.Record);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await first.AppendAsync([new TurnRecord()]));
    }

    [Fact]
    public async Task Lease_WaitingForADeletedOne_IsNotFound()
    {
        await using IStateStore store = NewStore();
        IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        Task<DeleteResult> delete = store.DeleteAsync(Key).AsTask();
        Task<IConversationWriter> waiting = store.LeaseAsync(Key, ToyEngine.Binding).AsTask();
        await writer.DisposeAsync();
        await delete;
        await Assert.ThrowsAsync<ConversationNotFoundException>(() => waiting);
    }

    [Fact]
    public async Task Expiry_Passed_IsNotFoundAndCollected()
    {
        Clock clock = new();
        await using IStateStore store = NewStore(clock);
        await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding, new ConversationOptions { TimeToLive = TimeSpan.FromHours(1) }))
            await writer.AppendAsync([Tokens(1)]);
        clock.Now += TimeSpan.FromMinutes(59);
        Assert.Single(await store.ListAsync("alice"));
        clock.Now += TimeSpan.FromMinutes(1);
        Assert.Empty(await store.ListAsync("alice"));
        await Assert.ThrowsAsync<ConversationNotFoundException>(async () => await store.OpenAsync(Key, ToyEngine.Binding));
        CollectResult collected = await store.CollectAsync();
        Assert.Equal(1, collected.Expired);
        Assert.True(collected.BytesRemoved > 0);
        await (await store.CreateAsync(Key, ToyEngine.Binding)).DisposeAsync();
        Assert.Empty(await store.VerifyAsync());
    }

    [Fact]
    public async Task Create_TakenName_Throws()
    {
        await using IStateStore store = NewStore();
        await (await store.CreateAsync(Key, ToyEngine.Binding)).DisposeAsync();
        await Assert.ThrowsAsync<ConversationExistsException>(async () => await store.CreateAsync(Key, ToyEngine.Binding));
        await Assert.ThrowsAsync<ConversationExistsException>(async () => await store.ForkAsync(Key, Key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.CreateAsync(new ConversationKey("", "x"), ToyEngine.Binding));
    }

    [Fact]
    public async Task Export_ThenImport_IsTheSameConversation()
    {
        await using IStateStore store = NewStore();
        List<LogRecord> all = await Fill(store, Key, 30);
        ConversationKey fork = new("alice", "fork"), copy = new("bob", "copy");
        await store.ForkAsync(Key, fork);
        await using (IConversationWriter writer = await store.LeaseAsync(fork, ToyEngine.Binding))
        {
            await writer.AppendAsync([new CheckpointRecord("mark"), Tokens(5)]);
            await writer.RewindAsync("mark");
        }

        using MemoryStream file = new();
        await store.ExportAsync(fork, file);
        await using IStateStore other = NewStore();
        file.Position = 0;
        ConversationInfo info = await other.ImportAsync(file, copy);
        Assert.Equal([.. all, new CheckpointRecord("mark")], await other.ReadAsync(copy));
        Assert.Equal(info.Head, (await other.StatAsync(copy)).Info.Head);
        using StoredState opened = await other.OpenAsync(copy, ToyEngine.Binding);
        Assert.NotNull(opened.Snapshot);
        Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all), ToyEngine.Restore(opened)));
        Assert.Empty(await other.VerifyAsync());
        file.Position = 0;
        await Assert.ThrowsAsync<ConversationExistsException>(async () => await other.ImportAsync(file, copy));
    }

    [Fact]
    public async Task Import_Damaged_LeavesNothingBehind()
    {
        await using IStateStore store = NewStore();
        await Fill(store, Key, 30);
        using MemoryStream file = new();
        await store.ExportAsync(Key, file);
        byte[] bytes = file.ToArray();
        bytes[^1] ^= 1;
        await Assert.ThrowsAsync<StateCorruptException>(async () => await store.ImportAsync(new MemoryStream(bytes), new ConversationKey("alice", "copy")));
        Assert.Single(await store.ListAsync("alice"));
        Assert.Empty(await store.VerifyAsync());
    }

    [Fact]
    public async Task Cipher_Given_HidesTheTextAndRestores()
    {
        AesGcmBlobCipher cipher = new(new byte[32]);
        await using IStateStore store = NewStore(TimeProvider.System, cipher);
        List<LogRecord> all = await Fill(store, Key, 20);
        Assert.Equal(all, await store.ReadAsync(Key));
        using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
        Assert.NotNull(opened.Snapshot);
        Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all), ToyEngine.Restore(opened)));
        Assert.Empty(await store.VerifyAsync());
    }

    [Fact]
    public async Task Random_OneThread_EqualsTheTwin()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            await using IStateStore store = NewStore();
            StoreScript script = new(seed);
            for (int step = 0; step < 120; step++) await script.Next()(store);
            await StoreCheck.EqualsTwins(store, "t", script.Twins);
            Assert.Empty(await store.VerifyAsync());
        }
    }

    [Fact]
    public async Task Random_ManyThreadsAndTenants_EqualsTheTwins()
    {
        await using IStateStore store = NewStore();
        TimeSpan time = TimeSpan.FromSeconds(double.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_SOAK_SECONDS"), out double seconds) ? seconds : 1);
        (int tenants, int conversations) = seconds > 30 ? (4, 200) : (4, 20);
        await StoreSoak.Run(store, threads: 16, tenants, conversations, time, seed: 11);
        Assert.Empty(await store.VerifyAsync());
    }

    private static TokensRecord Tokens(params int[] ids) => new(ids);

    private static async Task<List<LogRecord>> Fill(IStateStore store, ConversationKey key, int appends)
    {
        Random random = new(appends);
        List<LogRecord> all = [];
        await using IConversationWriter writer = await store.CreateAsync(key, ToyEngine.Binding);
        for (int i = 0; i < appends; i++)
        {
            List<LogRecord> records = StoreScript.Records(random);
            all.AddRange(records);
            await writer.AppendAsync(records);
            if (i % 7 == 6) await writer.PutSnapshotAsync(ToyEngine.Replay(null, all));
        }

        return all;
    }
}
