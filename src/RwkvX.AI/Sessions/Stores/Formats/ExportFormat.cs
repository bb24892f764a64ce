using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>The parts of an export: magic; a header; the records on the way to the head; pages; states, each followed by its layers; the SHA-256 of all before.</summary>
internal static class ExportFormat
{
    public const byte Header = 1;
    public const byte Record = 2;
    public const byte Page = 3;
    public const byte State = 4;
    public const byte End = 5;

    /// <summary>What the parts below have in common.</summary>
    /// <param name="Binding">What the states are states of.</param>
    /// <param name="Created">When the conversation was made.</param>
    /// <param name="Records">How many records follow.</param>
    /// <param name="Pages">How many pages follow.</param>
    /// <param name="States">How many states follow.</param>
    /// <param name="Config">The states' model; null where there are none.</param>
    /// <param name="PageType">The pages' elements.</param>
    public sealed record Contents(StateBinding Binding, DateTimeOffset Created, long Records, int Pages, int States, RwkvXConfig? Config, TensorType PageType);

    public static byte[] EncodeHeader(Contents contents)
    {
        FormatWriter writer = new();
        RowFormat.WriteBinding(writer, contents.Binding);
        writer.Int64(contents.Created.UtcTicks);
        writer.Int64(contents.Records);
        writer.Int32(contents.Pages);
        writer.Int32(contents.States);
        if (contents.Config is { } config)
        {
            RowFormat.WriteConfig(writer, config);
            writer.Byte((byte)contents.PageType);
        }

        return writer.ToArray();
    }

    public static Contents DecodeHeader(ReadOnlySpan<byte> bytes, string where)
    {
        FormatReader reader = new(bytes, where);
        StateBinding binding = RowFormat.ReadBinding(ref reader);
        DateTimeOffset created = new(reader.Int64(0, DateTime.MaxValue.Ticks, "created"), TimeSpan.Zero);
        long records = reader.Int64(0, long.MaxValue, "records");
        int pages = reader.Int32(0, int.MaxValue, "pages");
        int states = reader.Int32(0, int.MaxValue, "states");
        RwkvXConfig? config = null;
        TensorType type = TensorType.F32;
        if (states > 0)
        {
            config = RowFormat.ReadConfig(ref reader);
            type = RowFormat.ReadPageType(ref reader);
        }
        else if (pages > 0)
        {
            reader.Throw("pages", "none without states", pages);
        }

        reader.End();
        return new Contents(binding, created, records, pages, states, config, type);
    }

    public static byte[] EncodePage(int layer, int chunk, ReadOnlySpan<float> mean, ReadOnlySpan<byte> keysAndValues)
    {
        FormatWriter writer = new();
        writer.Int32(layer);
        writer.Int32(chunk);
        writer.Floats(mean);
        writer.Bytes(keysAndValues);
        return writer.ToArray();
    }

    public static (int Layer, int Chunk, PageSnapshot Page) DecodePage(byte[] bytes, Contents contents, string where)
    {
        RwkvXConfig config = contents.Config!;
        FormatReader reader = new(bytes, where);
        int layer = reader.Int32(0, config.SparseLayerCount - 1, "layer");
        int chunk = reader.Int32(0, int.MaxValue, "chunk");
        float[] mean = reader.Floats(config.EmbeddingSize, "mean");
        long half = PageFormat.HalfBytes(config, contents.PageType);
        if (reader.Remaining != 2 * half) reader.Throw("keys and values", $"{2 * half} bytes", reader.Remaining);
        return (layer, chunk, new PageSnapshot(config.MobaChunkSize, bytes.AsMemory(reader.Position, (int)half), bytes.AsMemory(reader.Position + (int)half, (int)half), mean));
    }
}
