using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The bytes of what the index knows: in the journal of heads, in the headers of state files, and under the index's row checksums.</summary>
internal static class RowFormat
{
    private const int MaxWidth = 1 << 20;

    public static void WriteBinding(FormatWriter writer, StateBinding binding)
    {
        writer.Text(binding.Model);
        writer.Text(binding.Tokenizer);
        writer.Text(binding.Template);
    }

    public static StateBinding ReadBinding(ref FormatReader reader) =>
        new(reader.Text("model hash"), reader.Text("tokenizer hash"), reader.Text("template hash"));

    /// <summary>All of a conversation but its extent.</summary>
    public static byte[] EncodeHead(ConversationRow row)
    {
        FormatWriter writer = new();
        writer.Guid(row.Id);
        writer.Text(row.Key?.Tenant);
        writer.Text(row.Key?.Name);
        WriteBinding(writer, row.Binding);
        writer.Guid(row.Parent);
        writer.Int64(row.Start);
        writer.Bytes(row.StartChain);
        WriteCounts(writer, row.StartCounts);
        writer.Int64(row.Created.UtcTicks);
        writer.Int64(row.Expires?.UtcTicks ?? -1);
        writer.Int32(row.SharedWith.Length);
        foreach (string tenant in row.SharedWith) writer.Text(tenant);
        return writer.ToArray();
    }

    /// <summary>A conversation without records of its own.</summary>
    public static ConversationRow DecodeHead(ReadOnlySpan<byte> bytes, string where)
    {
        FormatReader reader = new(bytes, where);
        Guid id = reader.Guid("id");
        string? tenant = reader.TextOrNull("tenant");
        string? name = reader.TextOrNull("name");
        if ((tenant is null) != (name is null)) reader.Throw("key", "both tenant and name, or none", "one");
        StateBinding binding = ReadBinding(ref reader);
        Guid parent = reader.Guid("parent");
        long start = reader.Int64(0, long.MaxValue, "first record");
        byte[] chain = reader.Bytes(RecordFormat.ChainBytes, "chain").ToArray();
        LogCounts counts = ReadCounts(ref reader);
        DateTimeOffset created = Time(reader.Int64(0, DateTime.MaxValue.Ticks, "created"));
        long expires = reader.Int64(-1, DateTime.MaxValue.Ticks, "expires");
        string[] shared = new string[reader.Count(1, "shared with")];
        for (int i = 0; i < shared.Length; i++) shared[i] = reader.Text("shared with");
        reader.End();
        return new ConversationRow
        {
            Id = id,
            Key = tenant is null ? null : new ConversationKey(tenant, name!),
            Binding = binding,
            Parent = parent,
            Start = start,
            StartChain = chain,
            StartCounts = counts,
            Created = created,
            Expires = expires < 0 ? null : Time(expires),
            SharedWith = shared,
            Extent = new LogExtent(0, start, chain, counts),
        };
    }

    public static byte[] EncodeExtent(LogExtent extent)
    {
        FormatWriter writer = new();
        writer.Int64(extent.Bytes);
        writer.Int64(extent.Records);
        writer.Bytes(extent.Chain);
        WriteCounts(writer, extent.Counts);
        return writer.ToArray();
    }

    public static LogExtent DecodeExtent(ReadOnlySpan<byte> bytes, string where)
    {
        FormatReader reader = new(bytes, where);
        LogExtent extent = new(
            reader.Int64(0, long.MaxValue, "log bytes"), reader.Int64(0, long.MaxValue, "records"),
            reader.Bytes(RecordFormat.ChainBytes, "chain").ToArray(), ReadCounts(ref reader));
        reader.End();
        return extent;
    }

    public static byte[] EncodeSnapshot(SnapshotRow row)
    {
        FormatWriter writer = new();
        writer.Guid(row.Id);
        writer.Guid(row.Conversation);
        writer.Int64(row.Record);
        writer.Bytes(row.Chain);
        writer.Int64(row.Tokens);
        WriteConfig(writer, row.Config);
        writer.Byte((byte)row.PageType);
        foreach (PageRun[] layer in row.Pages)
        {
            writer.Int32(layer.Length);
            foreach (PageRun run in layer)
            {
                writer.Guid(run.File);
                writer.Int32(run.Slot);
                writer.Int32(run.Count);
            }
        }

        return writer.ToArray();
    }

    public static SnapshotRow DecodeSnapshot(ReadOnlySpan<byte> bytes, string where)
    {
        FormatReader reader = new(bytes, where);
        Guid id = reader.Guid("id");
        Guid conversation = reader.Guid("conversation");
        long record = reader.Int64(0, long.MaxValue, "record");
        byte[] chain = reader.Bytes(RecordFormat.ChainBytes, "chain").ToArray();
        long tokens = reader.Int64(0, long.MaxValue, "tokens");
        RwkvXConfig config = ReadConfig(ref reader);
        TensorType pageType = ReadPageType(ref reader);
        if (config.SparseLayerCount > reader.Remaining / 4) reader.Throw("sparse layers", $"at most {reader.Remaining / 4}", config.SparseLayerCount);
        PageRun[][] pages = new PageRun[config.SparseLayerCount][];
        for (int layer = 0; layer < pages.Length; layer++) pages[layer] = ReadRuns(ref reader, tokens / config.MobaChunkSize);
        reader.End();
        return new SnapshotRow
        {
            Id = id,
            Conversation = conversation,
            Record = record,
            Chain = chain,
            Tokens = tokens,
            Config = config,
            PageType = pageType,
            Pages = pages,
        };
    }

    public static void WriteConfig(FormatWriter writer, RwkvXConfig config)
    {
        foreach (int size in (ReadOnlySpan<int>)[config.EmbeddingSize, config.LayerCount, config.SparseLayerCount, config.VocabSize, config.HeadSize, config.MobaChunkSize, config.MobaTopK])
            writer.Int32(size);
    }

    public static RwkvXConfig ReadConfig(ref FormatReader reader)
    {
        RwkvXConfig config = new()
        {
            EmbeddingSize = reader.Int32(1, MaxWidth, "embedding size"),
            LayerCount = reader.Int32(0, 1 << 16, "layers"),
            SparseLayerCount = reader.Int32(0, 1 << 16, "sparse layers"),
            VocabSize = reader.Int32(1, int.MaxValue, "vocabulary"),
            HeadSize = reader.Int32(1, MaxWidth, "head size"),
            MobaChunkSize = reader.Int32(1, MaxWidth, "chunk size"),
            MobaTopK = reader.Int32(1, MaxWidth, "top k"),
        };
        if (config.EmbeddingSize % config.HeadSize != 0) reader.Throw("head size", $"a divisor of {config.EmbeddingSize}", config.HeadSize);
        return config;
    }

    public static TensorType ReadPageType(ref FormatReader reader)
    {
        TensorType type = (TensorType)reader.Byte("page type");
        if (type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16)) reader.Throw("page type", "F32, F16 or BF16", type);
        return type;
    }

    private static PageRun[] ReadRuns(ref FormatReader reader, long fullPages)
    {
        PageRun[] runs = new PageRun[reader.Count(24, "page runs")];
        long sum = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i] = new PageRun(reader.Guid("page file"), reader.Int32(-1, int.MaxValue, "slot"), reader.Int32(1, int.MaxValue, "pages"));
            if (runs[i].IsDropped && runs[i].File != Guid.Empty) reader.Throw("page file of dropped pages", Guid.Empty, runs[i].File);
            sum += runs[i].Count;
        }

        if (sum != fullPages) reader.Throw("full pages", fullPages, sum);
        return runs;
    }

    public static void WriteCounts(FormatWriter writer, LogCounts counts)
    {
        writer.Int64(counts.Tokens);
        writer.Int32(counts.Turns);
        writer.Int32(counts.Messages);
        writer.Int32(counts.Documents);
    }

    public static LogCounts ReadCounts(ref FormatReader reader) => new(
        reader.Int64(0, long.MaxValue, "tokens"), reader.Int32(0, int.MaxValue, "turns"),
        reader.Int32(0, int.MaxValue, "messages"), reader.Int32(0, int.MaxValue, "documents"));

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
