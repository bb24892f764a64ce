using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>A state file: all of a state but its full pages, which lie in page files.</summary>
/// <remarks>Magic; a header frame; one frame an RWKV layer; one a sparse layer (its vector, its unfilled page, and how often its full pages were looked at, where that is known); an end frame with the number of frames.</remarks>
internal static class StateFormat
{
    public const byte Header = 1;
    public const byte RwkvLayer = 2;
    public const byte SparseLayer = 3;
    public const byte End = 4;

    public static void Write(Stream target, SnapshotRow row, StateBinding binding, StateSnapshot snapshot, IBlobCipher? cipher)
    {
        FormatWriter header = new();
        RowFormat.WriteBinding(header, binding);
        header.Bytes(RowFormat.EncodeSnapshot(row));
        target.Write(Magic.State);
        Frame.Write(target, Header, 0, header.Written);
        WriteLayers(target, row.Id, snapshot, cipher);
    }

    /// <summary>The frames after the header.</summary>
    public static void WriteLayers(Stream target, Guid id, StateSnapshot snapshot, IBlobCipher? cipher)
    {
        int part = 0;
        foreach (RwkvLayerSnapshot layer in snapshot.RwkvLayers)
        {
            FormatWriter writer = new();
            writer.Floats(layer.AttXPrev);
            writer.Floats(layer.Wkv);
            writer.Floats(layer.FfnXPrev);
            Frame.Write(target, RwkvLayer, BlobSeal.Flag(cipher), BlobSeal.Seal(cipher, writer.Written, id, part++));
        }

        foreach (SparseLayerSnapshot layer in snapshot.SparseLayers)
        {
            FormatWriter writer = new();
            PageSnapshot? tail = layer.Pages is [.., { } last] && last.RowCount < snapshot.Config.MobaChunkSize ? last : null;
            writer.Floats(layer.FfnXPrev);
            writer.Int32(tail?.RowCount ?? 0);
            if (tail is not null)
            {
                writer.Bytes(tail.Keys.Span);
                writer.Bytes(tail.Values.Span);
            }

            foreach (int looks in layer.Looks) writer.Int32(looks);

            Frame.Write(target, SparseLayer, BlobSeal.Flag(cipher), BlobSeal.Seal(cipher, writer.Written, id, part++));
        }

        FormatWriter end = new();
        end.Int32(part);
        Frame.Write(target, End, 0, end.Written);
    }

    /// <summary>The header alone.</summary>
    public static SnapshotRow ReadHeader(ReadOnlySpan<byte> bytes, string where, out StateBinding binding, out int layersAt)
    {
        Magic.Check(bytes, Magic.State, where);
        layersAt = Magic.Bytes;
        ReadOnlySpan<byte> payload = Frame.Expect(bytes, ref layersAt, Header, out _, where);
        FormatReader reader = new(payload, where);
        binding = RowFormat.ReadBinding(ref reader);
        return RowFormat.DecodeSnapshot(payload[reader.Position..], where) with { Bytes = bytes.Length };
    }

    /// <summary>The state, with its full pages from <paramref name="pages"/>.</summary>
    /// <param name="bytes">The file from <paramref name="at"/> on holds the layers.</param>
    /// <param name="at">Where the layers start; moves to the end.</param>
    /// <param name="row">The header.</param>
    /// <param name="pages">(M) each sparse layer's full pages.</param>
    /// <param name="cipher">The store's cipher.</param>
    /// <param name="where">The file's name.</param>
    /// <param name="lease">What keeps the pages readable.</param>
    public static StateSnapshot ReadLayers(
        ReadOnlySpan<byte> bytes, ref int at, SnapshotRow row, IReadOnlyList<IReadOnlyList<PageSnapshot>> pages, IBlobCipher? cipher, string where,
        IPageLease? lease = null)
    {
        RwkvXConfig config = row.Config;
        List<RwkvLayerSnapshot> rwkv = []; // not sized by the header: the file may not hold as many
        List<SparseLayerSnapshot> sparse = [];
        int part = 0;
        for (int i = 0; i < config.LayerCount; i++)
            rwkv.Add(ReadRwkvLayer(BlobSeal.Open(cipher, Flags(bytes, ref at, RwkvLayer, where, out ReadOnlySpan<byte> stored), stored, row.Id, part++, where), config, where));
        for (int i = 0; i < config.SparseLayerCount; i++)
            sparse.Add(ReadSparseLayer(BlobSeal.Open(cipher, Flags(bytes, ref at, SparseLayer, where, out ReadOnlySpan<byte> stored), stored, row.Id, part++, where), row, pages[i], where));
        FormatReader end = new(Frame.Expect(bytes, ref at, End, out _, where), where);
        end.Int32(part, part, "layers");
        end.End();
        return new StateSnapshot { Config = config, TokenCount = row.Tokens, RwkvLayers = rwkv, SparseLayers = sparse, PageType = row.PageType, Lease = lease };
    }

    private static byte Flags(ReadOnlySpan<byte> bytes, ref int at, byte kind, string where, out ReadOnlySpan<byte> stored)
    {
        stored = Frame.Expect(bytes, ref at, kind, out byte flags, where);
        return flags;
    }

    private static RwkvLayerSnapshot ReadRwkvLayer(ReadOnlySpan<byte> bytes, RwkvXConfig config, string where)
    {
        FormatReader reader = new(bytes, where);
        int width = config.EmbeddingSize;
        long wkv = (long)width * config.HeadSize; // (H, N, N)
        long expected = 4 * ((2L * width) + wkv);
        if (bytes.Length != expected) reader.Throw("RWKV layer", $"{expected} bytes", bytes.Length);
        return new RwkvLayerSnapshot(reader.Floats(width, "att x_prev"), reader.Floats((int)wkv, "wkv"), reader.Floats(width, "ffn x_prev"));
    }

    private static SparseLayerSnapshot ReadSparseLayer(ReadOnlySpan<byte> bytes, SnapshotRow row, IReadOnlyList<PageSnapshot> full, string where)
    {
        FormatReader reader = new(bytes, where);
        float[] xPrev = reader.Floats(row.Config.EmbeddingSize, "ffn x_prev");
        int rows = (int)(row.Tokens % row.Config.MobaChunkSize);
        reader.Int32(rows, rows, "rows of the unfilled page");
        long half = (long)rows * row.Config.EmbeddingSize * PageFormat.ElementBytes(row.PageType);
        if (reader.Remaining < 2 * half) reader.Throw("unfilled page", $"{2 * half} bytes", reader.Remaining);
        byte[] keys = reader.Bytes((int)half, "keys").ToArray();
        byte[] values = reader.Bytes((int)half, "values").ToArray();
        PageSnapshot[] tail = rows == 0 ? [] : [new PageSnapshot(rows, keys, values, null)];
        return new SparseLayerSnapshot(xPrev, [.. full, .. tail]) { Looks = ReadLooks(ref reader, row) };
    }

    private static int[] ReadLooks(ref FormatReader reader, SnapshotRow row)
    {
        if (reader.Remaining == 0) return [];
        long full = row.Tokens / row.Config.MobaChunkSize;
        if (reader.Remaining != full * sizeof(int)) reader.Throw("looks", $"{full * sizeof(int)} bytes", reader.Remaining);
        int[] looks = reader.Int32s((int)full, "looks");
        foreach (int count in looks)
            if (count < 0) reader.Throw("looks", "0 and above", count);
        return looks;
    }

    /// <summary>Refuses a snapshot whose parts do not have the sizes that its configuration says.</summary>
    public static void Validate(StateSnapshot snapshot, string parameter)
    {
        RwkvXConfig config = snapshot.Config;
        long full = snapshot.TokenCount / config.MobaChunkSize;
        int rows = (int)(snapshot.TokenCount % config.MobaChunkSize);
        int element = PageFormat.ElementBytes(snapshot.PageType);
        Require(snapshot.RwkvLayers.Count, config.LayerCount, "RWKV layers");
        Require(snapshot.SparseLayers.Count, config.SparseLayerCount, "sparse layers");
        foreach (RwkvLayerSnapshot layer in snapshot.RwkvLayers)
        {
            Require(layer.AttXPrev.Length, config.EmbeddingSize, "att x_prev");
            Require(layer.FfnXPrev.Length, config.EmbeddingSize, "ffn x_prev");
            Require(layer.Wkv.Length, (long)config.EmbeddingSize * config.HeadSize, "wkv");
        }

        foreach (SparseLayerSnapshot layer in snapshot.SparseLayers)
        {
            Require(layer.FfnXPrev.Length, config.EmbeddingSize, "sparse ffn x_prev");
            Require(layer.Pages.Count, full + (rows > 0 ? 1 : 0), "pages");
            if (layer.Looks.Count > 0) Require(layer.Looks.Count, full, "looks");
            for (int chunk = 0; chunk < layer.Pages.Count; chunk++)
            {
                PageSnapshot page = layer.Pages[chunk];
                int expected = chunk < full ? config.MobaChunkSize : rows;
                Require(page.RowCount, expected, $"rows of page {chunk}");
                if (page.IsDropped) Require(expected, config.MobaChunkSize, $"rows of dropped page {chunk}");
                long half = page.IsDropped ? 0 : (long)expected * config.EmbeddingSize * element;
                Require(page.Keys.Length, half, $"bytes of keys of page {chunk}");
                Require(page.Values.Length, half, $"bytes of values of page {chunk}");
                Require(page.Mean?.Length ?? 0, chunk < full && !page.IsDropped ? config.EmbeddingSize : 0, $"mean of page {chunk}");
            }
        }

        void Require(long found, long expected, string what)
        {
            if (found != expected) throw new ArgumentException($"{what}: expected {expected}, found {found}", parameter);
        }
    }
}
