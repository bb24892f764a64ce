using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;

namespace RwkvX.AI.Sessions.Stores.Formats;

/// <summary>An opened page file: its table and means are checked, each page when it is first read. Thread-safe.</summary>
internal sealed class PageFile
{
    private readonly IBlobCipher? _cipher;
    private readonly bool _sealed;
    private readonly PageSlot[] _slots;
    private readonly byte[] _means; // (slots, C) f32
    private readonly byte[]?[] _decrypted;
    private readonly bool[] _checked;
    private readonly string _where;

    /// <summary>Reads header and means; takes over the caller's reference to the blob.</summary>
    public PageFile(Blob blob, Guid id, IBlobCipher? cipher, string where)
    {
        Blob = blob;
        _cipher = cipher;
        _where = where;
        ReadOnlySpan<byte> head = blob.Slice(0, (int)Math.Min(blob.Length, int.MaxValue));
        Magic.Check(head, Magic.Pages, where);
        int at = Magic.Bytes;
        ReadOnlySpan<byte> table = Frame.Expect(head, ref at, PageFormat.Table, out byte flags, where);
        _sealed = (flags & BlobSeal.SealedFlag) != 0;
        _slots = PageFormat.ReadTable(table, blob.Length, _sealed, where, out Guid found, out RwkvXConfig config, out TensorType type);
        if (found != id) throw new StateCorruptException(where, "id", id, found);
        (Id, Config, PageType) = (id, config, type);
        ReadOnlySpan<byte> means = BlobSeal.Open(cipher, flags, Frame.Expect(head, ref at, PageFormat.Means, out _, where), id, -1, where);
        long expected = (long)_slots.Length * config.EmbeddingSize * 4;
        if (means.Length != expected) throw new StateCorruptException(where, "means", $"{expected} bytes", means.Length);
        CheckEnd(at);
        _means = means.ToArray();
        _decrypted = new byte[]?[_slots.Length];
        _checked = new bool[_slots.Length];
    }

    public Blob Blob { get; }

    public Guid Id { get; }

    public RwkvXConfig Config { get; }

    public TensorType PageType { get; }

    public IReadOnlyList<PageSlot> Slots => _slots;

    /// <summary>Bytes of a page's keys, or of its values.</summary>
    public int HalfBytes => (int)PageFormat.HalfBytes(Config, PageType);

    /// <summary>True where <see cref="Read"/> gives bytes that do not move.</summary>
    public bool IsNative => Blob.IsNative && !_sealed;

    /// <summary>True once a page of this file was found damaged.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>(C) the mean of a page's keys.</summary>
    public ReadOnlySpan<float> Mean(int slot) => PageFormat.Mean(_means, slot, Config.EmbeddingSize);

    /// <summary>A page's keys and values, checked.</summary>
    /// <exception cref="StateCorruptException">The page is damaged or was removed.</exception>
    public ReadOnlySpan<byte> Read(int slot)
    {
        if (_decrypted[slot] is { } decrypted) return decrypted;
        ReadOnlySpan<byte> stored = Stored(slot);
        if (!_sealed) return stored;
        byte[] plain = BlobSeal.Open(_cipher, BlobSeal.SealedFlag, stored, Id, slot, $"{_where} slot {slot}").ToArray();
        if (plain.Length != 2 * HalfBytes) throw new StateCorruptException($"{_where} slot {slot}", "page", $"{2 * HalfBytes} bytes", plain.Length);
        _decrypted[slot] = plain;
        return plain;
    }

    /// <summary>A page as it is stored, checked.</summary>
    public ReadOnlySpan<byte> Stored(int slot)
    {
        PageSlot entry = _slots[slot];
        if (entry.Offset == 0) throw new StateCorruptException($"{_where} slot {slot}", "page", "one", "a removed one");
        ReadOnlySpan<byte> stored = Blob.Slice(entry.Offset, entry.Length);
        if (Volatile.Read(ref _checked[slot])) return stored;
        uint crc = Crc32C.Compute(stored);
        if (crc != entry.Crc)
        {
            IsDamaged = true;
            throw new StateCorruptException($"{_where} slot {slot}", "checksum", $"{entry.Crc:x8}", $"{crc:x8}");
        }

        Volatile.Write(ref _checked[slot], true);
        return stored;
    }

    /// <summary>Has every page checked again at its next use.</summary>
    public void Recheck() => Array.Clear(_checked);

    private void CheckEnd(long end)
    {
        foreach (PageSlot slot in _slots)
        {
            if (slot.Offset == 0) continue;
            if (slot.Offset < end) throw new StateCorruptException(_where, "offset of a page", $"at least {end}", slot.Offset);
            end = slot.Offset + slot.Length;
        }

        if (Blob.Length != end) throw new StateCorruptException(_where, "file length", end, Blob.Length);
    }
}
