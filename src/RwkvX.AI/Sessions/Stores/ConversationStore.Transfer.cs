using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores.Formats;

namespace RwkvX.AI.Sessions.Stores;

/// <content>A conversation as one file.</content>
internal sealed partial class ConversationStore
{
    private const int FlushBytes = 4 << 20;
    private const long ImportPageBytes = 64L << 20;

    public ValueTask ExportAsync(ConversationKey key, Stream destination, CancellationToken cancellationToken)
    {
        key.Validate(nameof(key));
        ArgumentNullException.ThrowIfNull(destination);
        return new ValueTask(Shared(() =>
        {
            Export(Find(key), destination, cancellationToken);
            return true;
        }, cancellationToken));
    }

    public ValueTask<ConversationInfo> ImportAsync(Stream source, ConversationKey key, ConversationOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        key.Validate(nameof(key));
        return new ValueTask<ConversationInfo>(Shared(() => Import(source, key, options, cancellationToken), cancellationToken));
    }

    private void Export(Conversation conversation, Stream destination, CancellationToken cancellationToken)
    {
        ConversationRow row = conversation.Row;
        List<LogRange> path = Path(conversation, row.Extent.Records);
        using StateLease lease = new();
        List<(SnapshotRow Row, StateSnapshot State)> states = StatesToExport(conversation, path, lease);
        Dictionary<(Guid, int), int> ordinals = [];
        foreach ((Guid, int) slot in states.SelectMany(state => Slots(state.Row))) ordinals.TryAdd(slot, ordinals.Count);

        using FrameStreamWriter writer = new(destination);
        writer.Write(Magic.Export);
        SnapshotRow? first = states.Count == 0 ? null : states[0].Row;
        writer.Frame(ExportFormat.Header, ExportFormat.EncodeHeader(new ExportFormat.Contents(
            row.Binding, row.Created, path.Sum(range => range.To - range.From), ordinals.Count, states.Count, first?.Config, first?.PageType ?? default)));
        foreach (LogRange range in path)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (LogRecord record in ReadRecords([range], 0)) writer.Frame(ExportFormat.Record, [RecordFormat.Kind(record), .. RecordFormat.Encode(record)]);
        }

        foreach ((Guid file, int slot) in ordinals.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            PageFile pages = _pages.Get(file);
            writer.Frame(ExportFormat.Page, ExportFormat.EncodePage(pages.Slots[slot].Layer, pages.Slots[slot].Chunk, pages.Mean(slot), pages.Read(slot)));
        }

        foreach ((SnapshotRow state, StateSnapshot snapshot) in states) ExportState(writer, path, state, snapshot, ordinals);
        writer.End();
        destination.Flush();
    }

    /// <summary>The states that the head and the labels on the way to it start from, whole ones.</summary>
    private List<(SnapshotRow Row, StateSnapshot State)> StatesToExport(Conversation conversation, List<LogRange> path, StateLease lease)
    {
        List<long> anchors = [conversation.Row.Extent.Records, .. Checkpoints(path).Select(checkpoint => checkpoint.Position.Record)];
        List<SnapshotRow> usable = [.. SnapshotsOf(conversation).Where(row => IsOn(path, row.Record)).OrderByDescending(row => row.Record)];
        Dictionary<SnapshotRow, StateSnapshot?> tried = [];
        foreach (long anchor in anchors)
        {
            foreach (SnapshotRow row in usable.Where(row => row.Record <= anchor))
            {
                if (!tried.TryGetValue(row, out StateSnapshot? state)) tried.Add(row, state = TryLoad(conversation, row, lease));
                if (state is not null) break;
            }
        }

        List<(SnapshotRow Row, StateSnapshot State)> whole = [.. tried.Where(entry => entry.Value is not null).Select(entry => (entry.Key, entry.Value!)).OrderBy(entry => entry.Key.Record)];
        return [.. whole.Where(entry => entry.Row.Config == whole[^1].Row.Config && entry.Row.PageType == whole[^1].Row.PageType)];
    }

    private StateSnapshot? TryLoad(Conversation conversation, SnapshotRow row, StateLease lease)
    {
        try { return Load(row, ChainAt(conversation, row.Record), conversation.Row.Binding, lease, verifyPages: true); }
        catch (StateCorruptException) { return null; }
    }

    private static void ExportState(FrameStreamWriter writer, List<LogRange> path, SnapshotRow row, StateSnapshot snapshot, Dictionary<(Guid, int), int> ordinals)
    {
        // Numbered as in the file: only what is on the way, from 0.
        long record = path.Sum(range => Math.Clamp(row.Record - range.From, 0, range.To - range.From));
        PageRun[][] pages = new PageRun[row.Pages.Length][];
        for (int layer = 0; layer < pages.Length; layer++)
        {
            List<PageRun> runs = [];
            foreach (PageRun run in row.Pages[layer])
            {
                if (run.IsDropped) PageFileWriter.Extend(runs, run);
                for (int slot = run.Slot; slot < run.Slot + run.Count && !run.IsDropped; slot++)
                    PageFileWriter.Extend(runs, new PageRun(Guid.Empty, ordinals[(run.File, slot)], 1));
            }

            pages[layer] = [.. runs];
        }

        SnapshotRow exported = row with { Id = Guid.Empty, Conversation = Guid.Empty, Record = record, Chain = new byte[RecordFormat.ChainBytes], Pages = pages };
        writer.Frame(ExportFormat.State, RowFormat.EncodeSnapshot(exported));
        using MemoryStream layers = new();
        StateFormat.WriteLayers(layers, Guid.Empty, snapshot, cipher: null);
        writer.Write(layers.GetBuffer().AsSpan(0, (int)layers.Length));
    }

    private ConversationInfo Import(Stream source, ConversationKey key, ConversationOptions? options, CancellationToken cancellationToken)
    {
        using ConversationImport import = new(_medium, Cipher, source, binding => NewRow(key, binding, options), cancellationToken);
        lock (_gate)
            if (_byKey.ContainsKey(key)) throw new ConversationExistsException(key);
        import.Run(ImportPageBytes, FlushBytes);
        Conversation made = Make(key, import.Row, null, import.Snapshots, leased: false);
        import.Keep();
        return Info(made.Row);
    }
}
