using System.Runtime.InteropServices;
using System.Text;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;
using RwkvX.AI.Testing.Stores;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>What only a store on disk does.</summary>
public sealed class FileStateStoreTests : IDisposable
{
    private static readonly ConversationKey Key = new("alice", "chat");
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IStateStore Open() => FileStateStore.Open(new FileStateStoreOptions { Root = _folder.Path });

    [Fact]
    public async Task Open_Again_FindsEverything()
    {
        StoreScript script = new(1);
        for (int run = 0; run < 5; run++)
        {
            await using IStateStore store = Open();
            await StoreCheck.EqualsTwins(store, "t", script.Twins);
            for (int step = 0; step < 25; step++) await script.Next()(store);
            Assert.Empty(await store.VerifyAsync());
        }
    }

    [Fact]
    public async Task Continue_AfterReopeningAtRandomPlaces_IsBitIdentical()
    {
        Random random = new(2);
        List<LogRecord> all = [];
        for (int run = 0; run < 20; run++)
        {
            await using IStateStore store = Open();
            await using IConversationWriter writer = run == 0 ? await store.CreateAsync(Key, ToyEngine.Binding) : await store.LeaseAsync(Key, ToyEngine.Binding);
            using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
            StateSnapshot state = ToyEngine.Restore(opened);
            for (int turn = random.Next(1, 6); turn > 0; turn--)
            {
                List<LogRecord> records = StoreScript.Records(random);
                state = ToyEngine.Replay(state, records);
                all.AddRange(records);
                await writer.AppendAsync(records);
            }

            if (random.Next(2) == 0) await writer.PutSnapshotAsync(state);
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, all), state));
        }
    }

    [Fact]
    public async Task Open_Twice_SaysThatItIsOpen()
    {
        await using IStateStore store = Open();
        StoreLockedException error = Assert.Throws<StoreLockedException>(Open);
        Assert.Equal(System.IO.Path.GetFullPath(_folder.Path), error.Root);
    }

    [Fact]
    public async Task Rebuild_FromHeadsLogsAndStates_IsTheSameStore()
    {
        StoreScript script = new(4);
        await using (IStateStore store = Open())
            for (int step = 0; step < 150; step++) await script.Next()(store);
        File.Delete(System.IO.Path.Combine(_folder.Path, "index.db"));
        Assert.Throws<StateCorruptException>(Open);
        Assert.Empty(await FileStateStore.RebuildAsync(new FileStateStoreOptions { Root = _folder.Path }));
        await using IStateStore again = Open();
        await StoreCheck.EqualsTwins(again, "t", script.Twins);
        Assert.Empty(await again.VerifyAsync());
    }

    [Fact]
    public async Task Pages_OfAnOpenedState_LieAlignedInTheMapping()
    {
        await using IStateStore store = Open();
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        TokensRecord tokens = new(Enumerable.Range(0, 40).ToArray());
        await writer.AppendAsync([tokens]);
        await writer.PutSnapshotAsync(ToyEngine.Replay(null, [tokens]));
        using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
        foreach (PageSnapshot page in opened.Snapshot!.SparseLayers.SelectMany(layer => layer.Pages))
        {
            Assert.True(MemoryMarshal.TryGetMemoryManager(page.Keys, out PageMemory? memory));
            Assert.True(memory.File.IsNative);
            using System.Buffers.MemoryHandle pin = page.Keys.Pin();
            unsafe { Assert.Equal(0, (nint)pin.Pointer % PageFormat.Alignment); }
        }

        // Stored again, the pages that come from the mapping are not written again.
        long before = (await store.StatAsync(Key)).PageBytes;
        await writer.AppendAsync([new TurnRecord()]);
        await writer.PutSnapshotAsync(opened.Snapshot);
        Assert.Equal(before, (await store.StatAsync(Key)).PageBytes);
    }

    [Fact]
    public async Task Snapshots_OfManyTurns_LeaveFewPageFiles()
    {
        await using IStateStore store = Open();
        await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
        StateSnapshot state = ToyEngine.Empty();
        for (int turn = 0; turn < 200; turn++)
        {
            TokensRecord tokens = new(new[] { turn, 1, 2, 3 });
            state = ToyEngine.Replay(state, [tokens]);
            await writer.AppendAsync([tokens]);
            await writer.PutSnapshotAsync(state);
        }

        int files = Directory.GetFiles(System.IO.Path.Combine(_folder.Path, "pages")).Length;
        Assert.InRange(files, 2, 80);
        using StoredState opened = await store.OpenAsync(Key, ToyEngine.Binding);
        Assert.True(ToyEngine.AreEqual(state, ToyEngine.Restore(opened)));
        Assert.Empty(await store.VerifyAsync());
    }

    [Fact]
    public async Task Delete_LeavesNoByteOfTheText()
    {
        const string secret = "the password is swordfish";
        await using (IStateStore store = Open())
        {
            await using (IConversationWriter writer = await store.CreateAsync(new ConversationKey("alice", "name-of-a-secret"), ToyEngine.Binding))
                await writer.AppendAsync([new TranscriptRecord(TranscriptKind.Message, "user", secret), new CheckpointRecord("keep")]);
            await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding)) await writer.AppendAsync([new TurnRecord()]);
            Assert.True(Contains(secret) && Contains("name-of-a-secret"));
            await store.DeleteAsync(new ConversationKey("alice", "name-of-a-secret"));
            Assert.False(Contains(secret));
            Assert.False(Contains("name-of-a-secret"));
        }

        Assert.False(Contains("name-of-a-secret"));
    }

    [Fact]
    public async Task Delete_OfWhatWasForked_RemovesWhatTheForkDoesNotSee()
    {
        await using IStateStore store = Open();
        await using (IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding))
        {
            await writer.AppendAsync([Message("shared"), new CheckpointRecord("start")]);
            await writer.AppendAsync([Message("taken back")]);
            await writer.RewindAsync("start");
            await writer.AppendAsync([Message("before the fork")]);
            await store.ForkAsync(Key, new ConversationKey("alice", "fork"));
            await writer.AppendAsync([Message("after the fork")]);
        }

        await store.DeleteAsync(Key);
        Assert.True(Contains("shared") && Contains("before the fork"));
        Assert.False(Contains("taken back"));
        Assert.False(Contains("after the fork"));
        Assert.Equal(3, (await store.ReadAsync(new ConversationKey("alice", "fork"))).Count);
        Assert.Empty(await store.VerifyAsync());
    }

    [Fact]
    public async Task Cipher_Given_LeavesNoTextOnDisk()
    {
        FileStateStoreOptions options = new() { Root = _folder.Path, Cipher = new AesGcmBlobCipher(new byte[32]) };
        await using (IStateStore store = FileStateStore.Open(options))
        {
            await using IConversationWriter writer = await store.CreateAsync(Key, ToyEngine.Binding);
            await writer.AppendAsync([Message("the text"), new TokensRecord(Enumerable.Range(0, 20).ToArray())]);
            await writer.PutSnapshotAsync(ToyEngine.Replay(null, await store.ReadAsync(Key)));
            Assert.False(Contains("the text"));
        }

        await using IStateStore other = FileStateStore.Open(new FileStateStoreOptions { Root = _folder.Path, Cipher = new AesGcmBlobCipher(Enumerable.Repeat((byte)1, 32).ToArray()) });
        await Assert.ThrowsAsync<StateStoreException>(async () => await other.ReadAsync(Key)); // not a loss: a wrong key
    }

    [Fact]
    public async Task Collect_RemovesUnreferencedFiles()
    {
        await using IStateStore store = Open();
        File.WriteAllBytes(System.IO.Path.Combine(_folder.Path, "pages", $"{Guid.NewGuid():n}.pages"), new byte[100]);
        File.WriteAllBytes(System.IO.Path.Combine(_folder.Path, "states", $"{Guid.NewGuid():n}.state.tmp"), new byte[50]);
        Assert.Single(await store.VerifyAsync());
        Assert.Equal(150, (await store.CollectAsync()).BytesRemoved);
        Assert.Empty(await store.VerifyAsync());
    }

    private static TranscriptRecord Message(string text) => new(TranscriptKind.Message, "user", text);

    private bool Contains(string text)
    {
        byte[] sought = Encoding.UTF8.GetBytes(text);
        foreach (string path in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            if (System.IO.Path.GetFileName(path) == "lock") continue;
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            if (bytes.AsSpan().IndexOf(sought) >= 0) return true;
        }

        return false;
    }
}
