using System.Runtime.InteropServices;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>A page file: full pages stored together, never changed afterwards but for the removal of pages nobody refers to.</summary>
/// <remarks>
/// Magic; a frame with the table of slots; a frame with all means, so that opening touches them alone; then each page's keys and
/// values from a 64-byte border on, as an engine reads them from a mapping. The file ends with its last page.
/// </remarks>
internal static class PageFormat
{
    public const byte Table = 1;
    public const byte Means = 2;
    public const int Alignment = 64;

    /// <summary>More pages than this go into another file.</summary>
    public const long MaxBytes = 256L << 20;

    private const int SlotBytes = 24;

    public static int ElementBytes(TensorType type) => type == TensorType.F32 ? 4 : 2;

    /// <summary>Bytes of one full page's keys, or of its values.</summary>
    public static long HalfBytes(RwkvXConfig config, TensorType type) => (long)config.MobaChunkSize * config.EmbeddingSize * ElementBytes(type);

    /// <summary>Writes full pages.</summary>
    public static void Write(
        Stream target, Guid id, RwkvXConfig config, TensorType type, IReadOnlyList<(int Layer, int Chunk, PageSnapshot Page)> pages, IBlobCipher? cipher)
    {
        int half = checked((int)HalfBytes(config, type));
        int stored = checked((2 * half) + (cipher?.Overhead ?? 0));
        byte[][]? sealedPages = cipher is null ? null : [.. pages.Select((entry, slot) => SealPage(cipher, entry.Page, half, id, slot))];
        long offset = Align(HeaderBytes(pages.Count, config.EmbeddingSize, cipher));
        PageSlot[] slots = new PageSlot[pages.Count];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            (int layer, int chunk, PageSnapshot page) = pages[slot];
            uint crc = sealedPages is null ? Crc32C.Compute(page.Values.Span, Crc32C.Compute(page.Keys.Span)) : Crc32C.Compute(sealedPages[slot]);
            slots[slot] = new PageSlot(layer, chunk, offset, stored, crc);
            offset = Align(offset + stored);
        }

        long at = WriteHeader(target, id, config, type, slots, [.. pages.Select(entry => entry.Page.Mean!)], cipher);
        for (int slot = 0; slot < slots.Length; slot++)
        {
            at = Pad(target, at, slots[slot].Offset);
            if (sealedPages is null)
            {
                target.Write(pages[slot].Page.Keys.Span);
                target.Write(pages[slot].Page.Values.Span);
            }
            else
            {
                target.Write(sealedPages[slot]);
            }

            at += stored;
        }
    }

    /// <summary>Writes a page file again with only the slots in <paramref name="live"/>; slot numbers stay.</summary>
    public static void Rewrite(Stream target, PageFile file, IReadOnlySet<int> live, IBlobCipher? cipher)
    {
        long offset = Align(HeaderBytes(file.Slots.Count, file.Config.EmbeddingSize, cipher));
        PageSlot[] slots = new PageSlot[file.Slots.Count];
        float[][] means = new float[slots.Length][];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            PageSlot old = file.Slots[slot];
            bool keep = live.Contains(slot) && old.Offset != 0;
            means[slot] = keep ? file.Mean(slot).ToArray() : new float[file.Config.EmbeddingSize];
            slots[slot] = keep ? old with { Offset = offset } : default;
            if (keep) offset = Align(offset + old.Length);
        }

        long at = WriteHeader(target, file.Id, file.Config, file.PageType, slots, means, cipher);
        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot].Offset == 0) continue;
            at = Pad(target, at, slots[slot].Offset);
            target.Write(file.Stored(slot));
            at += slots[slot].Length;
        }
    }

    /// <summary>Reads the table; the layout must be exactly what a writer makes of it.</summary>
    public static PageSlot[] ReadTable(ReadOnlySpan<byte> payload, long fileLength, bool isSealed, string where, out Guid id, out RwkvXConfig config, out TensorType type)
    {
        FormatReader reader = new(payload, where);
        id = reader.Guid("id");
        config = RowFormat.ReadConfig(ref reader);
        type = RowFormat.ReadPageType(ref reader);
        long plain = 2 * HalfBytes(config, type);
        if (plain > Frame.MaxPayload) reader.Throw("page", $"at most {Frame.MaxPayload} bytes", plain);
        PageSlot[] slots = new PageSlot[reader.Count(SlotBytes, "slots")];
        for (int i = 0; i < slots.Length; i++)
        {
            PageSlot slot = new(reader.Int32("layer"), reader.Int32("chunk"), reader.Int64("offset"), reader.Int32("length"), reader.UInt32("checksum"));
            if (slot.Offset == 0 && slot != default) reader.Throw($"slot {i}", "zeros in a removed one", slot);
            if (slot.Offset != 0) CheckSlot(slot, i, plain, isSealed, fileLength, config, where);
            slots[i] = slot;
        }

        reader.End();
        return slots;
    }

    private static void CheckSlot(PageSlot slot, int number, long plain, bool isSealed, long fileLength, RwkvXConfig config, string where)
    {
        if (isSealed ? slot.Length < plain : slot.Length != plain) throw new StateCorruptException(where, $"length of slot {number}", plain, slot.Length);
        if (slot.Offset < 0 || slot.Offset % Alignment != 0 || slot.Offset > fileLength - slot.Length)
            throw new StateCorruptException(where, $"offset of slot {number}", $"a multiple of {Alignment} up to {fileLength - slot.Length}", slot.Offset);
        if (slot.Layer < 0 || slot.Layer >= config.SparseLayerCount || slot.Chunk < 0)
            throw new StateCorruptException(where, $"layer and chunk of slot {number}", $"a layer below {config.SparseLayerCount}", $"{slot.Layer}, {slot.Chunk}");
    }

    private static long WriteHeader(Stream target, Guid id, RwkvXConfig config, TensorType type, PageSlot[] slots, float[][] means, IBlobCipher? cipher)
    {
        FormatWriter table = new();
        table.Guid(id);
        RowFormat.WriteConfig(table, config);
        table.Byte((byte)type);
        table.Int32(slots.Length);
        foreach (PageSlot slot in slots)
        {
            table.Int32(slot.Layer);
            table.Int32(slot.Chunk);
            table.Int64(slot.Offset);
            table.Int32(slot.Length);
            table.UInt32(slot.Crc);
        }

        FormatWriter rows = new();
        foreach (float[] mean in means) rows.Floats(mean);
        target.Write(Magic.Pages);
        Frame.Write(target, Table, BlobSeal.Flag(cipher), table.Written);
        ReadOnlySpan<byte> stored = BlobSeal.Seal(cipher, rows.Written, id, -1);
        Frame.Write(target, Means, BlobSeal.Flag(cipher), stored);
        return Magic.Bytes + (2 * Frame.HeadBytes) + table.Length + stored.Length;
    }

    private static long HeaderBytes(int slots, int width, IBlobCipher? cipher) =>
        Magic.Bytes + (2 * Frame.HeadBytes) + (16 + 28 + 1 + 4) + ((long)slots * (SlotBytes + (4 * width))) + (cipher?.Overhead ?? 0);

    private static byte[] SealPage(IBlobCipher cipher, PageSnapshot page, int half, Guid id, int slot)
    {
        byte[] plain = new byte[2 * half];
        page.Keys.Span.CopyTo(plain);
        page.Values.Span.CopyTo(plain.AsSpan(half));
        return BlobSeal.Seal(cipher, plain, id, slot).ToArray();
    }

    private static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static long Pad(Stream target, long at, long until)
    {
        Span<byte> zeros = stackalloc byte[Alignment];
        zeros.Clear();
        target.Write(zeros[..(int)(until - at)]);
        return until;
    }

    /// <summary>(C) floats of a row of the means.</summary>
    public static ReadOnlySpan<float> Mean(ReadOnlySpan<byte> means, int slot, int width) =>
        MemoryMarshal.Cast<byte, float>(means.Slice(slot * width * 4, width * 4));
}
