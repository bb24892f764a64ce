using System.Buffers.Binary;
using System.Security.Cryptography;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Sessions.Stores.Formats;
using RwkvX.AI.Testing.Stores;
using Xunit;

namespace RwkvX.AI.Tests.Sessions.Stores;

/// <summary>Mutated logs, states, page files, index rows and exports: only typed errors, and nothing allocated that the file does not hold.</summary>
/// <remarks>Half of the mutants get their checksums mended, so that the parsers behind them are reached. RWKVX_TEST_MUTATIONS says how many.</remarks>
public sealed class StoreFuzzTests
{
    private static readonly int Mutations = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_MUTATIONS"), out int count) ? count : 100_000;
    private static readonly int[] Interesting = [0, 1, -1, int.MaxValue, int.MinValue, 0x7FFF, 0x10000, 1 << 30];
    private readonly ConversationRow _row = Row();
    private readonly SnapshotRow _state;
    private readonly byte[] _log, _stateFile, _pages, _export, _head, _record, _drop;

    public StoreFuzzTests()
    {
        Random random = new(1);
        List<LogRecord> records = [.. Enumerable.Range(0, 6).SelectMany(_ => StoreScript.Records(random))];
        DropRecord drop = new([new PageId(0, 1), new PageId(0, 2), new PageId(1, 4)], 300, 1000);
        records.Add(drop);
        StateSnapshot snapshot = WithLooks(ToyEngine.Replay(null, records));
        _log = Log(records);
        Guid file = new(Enumerable.Repeat((byte)7, 16).ToArray());
        (int Layer, int Chunk, PageSnapshot Page)[] full = [.. snapshot.SparseLayers.SelectMany((layer, number) =>
            layer.Pages.Select((page, chunk) => (number, chunk, page)).Where(entry => entry.page.Mean is not null))];
        _pages = Bytes(stream => PageFormat.Write(stream, file, snapshot.Config, snapshot.PageType, full, null));
        _state = new SnapshotRow
        {
            Id = file,
            Conversation = _row.Id,
            Record = records.Count,
            Chain = new byte[32],
            Tokens = snapshot.TokenCount,
            Config = snapshot.Config,
            PageType = snapshot.PageType,
            Pages = [.. snapshot.SparseLayers.Select((layer, number) => Runs(layer, number, full, file))],
        };
        _stateFile = Bytes(stream => StateFormat.Write(stream, _state, _row.Binding, snapshot, null));
        _head = RowFormat.EncodeHead(_row);
        _record = RecordFormat.Encode(new TokensRecord(new int[300], Enumerable.Repeat(3, 100).ToArray()));
        _drop = RecordFormat.Encode(drop);
        _export = Export(records, snapshot);
    }

    [Fact]
    public void Parse_MutatedFiles_OnlyTypedErrors()
    {
        (byte[] File, Action<byte[]> Parse)[] targets =
            [(_log, ParseLog), (_stateFile, ParseState), (_pages, ParsePages), (_export, ParseExport), (_head, bytes => RowFormat.DecodeHead(bytes, "head")),
                (_record, bytes => RecordFormat.Decode(RecordFormat.Tokens, bytes, "record")),
                (_drop, bytes => RecordFormat.Decode(RecordFormat.Drop, bytes, "record")), (RowFormat.EncodeSnapshot(_state), bytes => RowFormat.DecodeSnapshot(bytes, "row"))];
        foreach ((byte[] file, Action<byte[]> parse) in targets) parse(file); // unmutated: no error, and everything compiled before allocations are counted
        Random random = new(31);
        (int refused, int accepted) = (0, 0);
        for (int i = 0; i < Mutations; i++)
        {
            (byte[] file, Action<byte[]> parse) = targets[random.Next(targets.Length)];
            byte[] mutant = Mutate(file, random);
            if (random.Next(2) == 0) Reseal(mutant);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                parse(mutant);
                accepted++;
            }
            catch (StateStoreException)
            {
                refused++;
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= (4 * mutant.Length) + (1 << 20), $"mutant {i} of {mutant.Length} bytes: {allocated} bytes were allocated");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Mutations} mutants of {targets.Length} kinds of files: {refused} refused with typed errors, {accepted} accepted");
        Assert.True(refused > Mutations / 2, $"{refused} refused, {accepted} accepted: the mutants are too tame");
    }

    private static PageRun[] Runs(SparseLayerSnapshot layer, int number, (int Layer, int Chunk, PageSnapshot Page)[] stored, Guid file)
    {
        List<PageRun> runs = [];
        for (int chunk = 0; chunk < layer.Looks.Count; chunk++)
        {
            int slot = Array.FindIndex(stored, entry => entry.Layer == number && entry.Chunk == chunk);
            PageFileWriter.Extend(runs, slot < 0 ? PageRun.Dropped(1) : new PageRun(file, slot, 1));
        }

        return [.. runs];
    }

    private static StateSnapshot WithLooks(StateSnapshot snapshot) => new()
    {
        Config = snapshot.Config,
        TokenCount = snapshot.TokenCount,
        RwkvLayers = snapshot.RwkvLayers,
        SparseLayers = [.. snapshot.SparseLayers.Select(layer => layer with { Looks = [.. Enumerable.Range(0, (int)(snapshot.TokenCount / snapshot.Config.MobaChunkSize))] })],
    };

    private void ParseLog(byte[] bytes)
    {
        LogMap map = new(0, new byte[32], default);
        StoreProblem? problem = LogFormat.Scan(bytes, 0, _row, map, null, "log");
        if (problem is not null) throw new StateCorruptException(problem);
    }

    private static void ParseState(byte[] bytes)
    {
        SnapshotRow row = StateFormat.ReadHeader(bytes, "state", out _, out int at);
        StateFormat.ReadLayers(bytes, ref at, row, [.. row.Pages.Select(_ => Array.Empty<PageSnapshot>())], null, "state");
    }

    private void ParsePages(byte[] bytes)
    {
        PageFile file = new(new MemoryBlob(bytes), _state.Id, null, "pages");
        for (int slot = 0; slot < file.Slots.Count; slot++) file.Read(slot);
    }

    private void ParseExport(byte[] bytes)
    {
        using ConversationImport import = new(new MemoryMedium(), null, new MemoryStream(bytes), _ => _row, CancellationToken.None);
        import.Run(1 << 20, 1 << 16);
    }

    private static byte[] Mutate(byte[] file, Random random)
    {
        byte[] mutant = (byte[])file.Clone();
        for (int edits = random.Next(1, 5); edits > 0 && mutant.Length > 8; edits--)
        {
            int at = random.Next(mutant.Length - 4);
            switch (random.Next(6))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    BinaryPrimitives.WriteInt32LittleEndian(mutant.AsSpan(at), Interesting[random.Next(Interesting.Length)]);
                    break;
                case 2:
                    Array.Resize(ref mutant, at);
                    break;
                case 3:
                    mutant.AsSpan(at).Clear();
                    break;
                case 4:
                    mutant = [.. mutant.AsSpan(0, at), .. mutant.AsSpan(random.Next(at + 1))];
                    break;
                default:
                    random.NextBytes(mutant.AsSpan(at, Math.Min(4, mutant.Length - at)));
                    break;
            }
        }

        return mutant;
    }

    /// <summary>Mends the checksums of all frames, and the hash at an export's end.</summary>
    private static void Reseal(byte[] file)
    {
        int at = Magic.Bytes;
        while (at + Frame.HeadBytes <= file.Length)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
            int payload = at + Frame.HeadBytes;
            if (length < 0 || length > file.Length - payload) return;
            if (file[at + 4] == ExportFormat.End && length == 32) SHA256.HashData(file.AsSpan(0, at), file.AsSpan(payload, 32));
            Frame.WriteHead(file.AsSpan(at), file[at + 4], file[at + 5], file.AsSpan(payload, length));
            at = payload + length;
        }
    }

    private byte[] Log(List<LogRecord> records)
    {
        FormatWriter writer = new();
        LogFormat.WriteHeader(writer, _row);
        byte[] chain = _row.StartChain;
        LogCounts counts = default;
        for (int i = 0; i < records.Count; i++)
        {
            counts = counts.After(records[i]);
            chain = LogFormat.WriteRecord(writer, records[i], last: true, i, chain, counts, _row.Id, null).Chain;
        }

        return writer.ToArray();
    }

    private static byte[] Export(List<LogRecord> records, StateSnapshot snapshot)
    {
        ConversationKey key = new("t", "c");
        IStateStore store = InMemoryStateStore.Create();
        IConversationWriter writer = store.CreateAsync(key, ToyEngine.Binding).AsTask().Result;
        writer.AppendAsync(records).AsTask().Wait();
        writer.PutSnapshotAsync(snapshot).AsTask().Wait();
        return Bytes(stream => store.ExportAsync(key, stream).AsTask().Wait());
    }

    private static byte[] Bytes(Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        return stream.ToArray();
    }

    private static ConversationRow Row() => new()
    {
        Id = new Guid(Enumerable.Repeat((byte)9, 16).ToArray()),
        Key = new ConversationKey("t", "c"),
        Binding = ToyEngine.Binding,
        Parent = Guid.Empty,
        Start = 0,
        StartChain = new byte[32],
        StartCounts = default,
        Created = DateTimeOffset.UnixEpoch,
        SharedWith = ["u"],
        Extent = new LogExtent(0, 0, new byte[32], default),
    };
}
