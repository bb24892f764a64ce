using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <summary>Reads an export into new files; takes them away again unless they are kept.</summary>
internal sealed class ConversationImport(
    IStoreMedium medium, IBlobCipher? cipher, Stream source, Func<StateBinding, ConversationRow> newRow, CancellationToken cancellationToken) : IDisposable
{
    private const string Where = "import";
    private readonly FrameStreamReader _reader = new(source, Where);
    private readonly List<SnapshotRow> _snapshots = [];
    private readonly List<(PageRun Place, int Layer, int Chunk)> _pages = [];
    private readonly List<byte[]> _chains = []; // after each record
    private readonly List<long> _tokens = [];
    private PageFileWriter? _writer;
    private bool _keep;

    /// <summary>The conversation that was read.</summary>
    public ConversationRow Row { get; private set; } = null!;

    public IReadOnlyList<SnapshotRow> Snapshots => _snapshots;

    public void Run(long pageBytes, int flushBytes)
    {
        Magic.Check(_reader.Read(Magic.Bytes), Magic.Export, Where);
        ExportFormat.Contents contents = ExportFormat.DecodeHeader(_reader.Expect(ExportFormat.Header, out _), Where);
        Row = newRow(contents.Binding);
        ReadRecords(contents.Records, flushBytes);
        if (contents.Config is not null) ReadPages(contents, pageBytes);
        for (int i = 0; i < contents.States; i++) ReadState(contents);
        byte[] expected = _reader.Hash();
        if (!_reader.Expect(ExportFormat.End, out _).AsSpan().SequenceEqual(expected))
            throw new StateCorruptException(Where, "SHA-256", "that of the bytes before", "another");
    }

    /// <summary>The files belong to a conversation now.</summary>
    public void Keep() => _keep = true;

    public void Dispose()
    {
        _reader.Dispose();
        if (_keep || Row is null) return;
        medium.Delete(BlobKind.Log, Row.Id, overwrite: true);
        foreach (SnapshotRow row in _snapshots) medium.Delete(BlobKind.State, row.Id, overwrite: true);
        _writer?.Undo();
    }

    private void ReadRecords(long count, int flushBytes)
    {
        FormatWriter buffer = new();
        long written = 0;
        byte[] chain = Row.StartChain;
        LogCounts counts = default;
        for (long number = 0; number < count; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] payload = _reader.Expect(ExportFormat.Record, out _);
            if (payload.Length == 0 || payload[0] == RecordFormat.Rewind) throw new StateCorruptException(Where, $"record {number}", "a record of a conversation", "another");
            LogRecord record = RecordFormat.Decode(payload[0], payload.AsSpan(1), Where);
            if (written + buffer.Length == 0) LogFormat.WriteHeader(buffer, Row);
            counts = counts.After(record);
            chain = LogFormat.WriteRecord(buffer, record, last: true, number, chain, counts, Row.Id, cipher).Chain;
            _chains.Add(chain);
            _tokens.Add(counts.Tokens);
            if (buffer.Length < flushBytes && number + 1 < count) continue;
            medium.AppendLog(Row.Id, written, buffer.Written);
            written += buffer.Length;
            buffer = new FormatWriter();
        }

        Row = Row with { Extent = new LogExtent(written, count, chain, counts) };
    }

    private void ReadPages(ExportFormat.Contents contents, long pageBytes)
    {
        _writer = new PageFileWriter(medium, contents.Config!, contents.PageType, cipher, pageBytes);
        for (int i = 0; i < contents.Pages; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int layer, int chunk, PageSnapshot page) = ExportFormat.DecodePage(_reader.Expect(ExportFormat.Page, out _), contents, Where);
            _pages.Add((_writer.Add(layer, chunk, page), layer, chunk));
        }

        _writer.Flush();
    }

    private void ReadState(ExportFormat.Contents contents)
    {
        SnapshotRow read = RowFormat.DecodeSnapshot(_reader.Expect(ExportFormat.State, out _), Where);
        if (read.Config != contents.Config || read.PageType != contents.PageType) throw new StateCorruptException(Where, "configuration of a state", contents.Config!, read.Config);
        if (read.Record < 1 || read.Record > _chains.Count || _tokens[(int)read.Record - 1] != read.Tokens)
            throw new StateCorruptException(Where, "place of a state", "one of the log", $"record {read.Record}, token {read.Tokens}");
        SnapshotRow row = read with { Id = Guid.NewGuid(), Conversation = Row.Id, Chain = _chains[(int)read.Record - 1], Pages = [.. read.Pages.Select(PlacesOf)] };
        byte[] layers = ReadLayers(read.Config);
        int at = 0;
        List<IReadOnlyList<PageSnapshot>> none = [.. row.Pages.Select(_ => Array.Empty<PageSnapshot>())];
        StateSnapshot snapshot = StateFormat.ReadLayers(layers, ref at, row with { Id = Guid.Empty }, none, cipher: null, Where);
        long bytes = medium.Write(BlobKind.State, row.Id, stream => StateFormat.Write(stream, row, Row.Binding, snapshot, cipher));
        _snapshots.Add(row with { Bytes = bytes });
    }

    /// <summary>The frames of a state's layers and its end, as they are.</summary>
    private byte[] ReadLayers(RwkvXConfig config)
    {
        FormatWriter layers = new();
        for (int part = 0; part <= config.LayerCount + config.SparseLayerCount; part++)
        {
            byte kind = part < config.LayerCount ? StateFormat.RwkvLayer : part < config.LayerCount + config.SparseLayerCount ? StateFormat.SparseLayer : StateFormat.End;
            byte[] payload = _reader.Expect(kind, out byte[] head);
            layers.Bytes(head);
            layers.Bytes(payload);
        }

        return layers.ToArray();
    }

    private PageRun[] PlacesOf(PageRun[] runs, int layer)
    {
        List<PageRun> places = [];
        int chunk = 0;
        foreach (PageRun run in runs)
        {
            if (run.IsDropped)
            {
                PageFileWriter.Extend(places, run);
                chunk += run.Count;
                continue;
            }

            if (run.Slot > _pages.Count - run.Count) throw new StateCorruptException(Where, "page of a state", $"below {_pages.Count}", (long)run.Slot + run.Count - 1);
            for (int ordinal = run.Slot; ordinal < run.Slot + run.Count; ordinal++, chunk++)
            {
                (PageRun place, int pageLayer, int pageChunk) = _pages[ordinal];
                if (pageLayer != layer || pageChunk != chunk)
                    throw new StateCorruptException(Where, $"page {ordinal}", $"layer {layer}, chunk {chunk}", $"layer {pageLayer}, chunk {pageChunk}");
                PageFileWriter.Extend(places, place);
            }
        }

        return [.. places];
    }
}
