using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RwkvX.AI.Checkpoints;

/// <summary>The directory of a zip archive in memory, with the 64-bit extension. Strict: one disk, no encryption, no overlaps.</summary>
/// <remarks>Format: PKWARE APPNOTE 6.3. Sizes are those of the central directory, since PyTorch leaves them out of the local headers.</remarks>
internal sealed unsafe class ZipDirectory
{
    private const uint LocalSignature = 0x04034B50, CentralSignature = 0x02014B50, EndSignature = 0x06054B50;
    private const uint End64Signature = 0x06064B50, Locator64Signature = 0x07064B50;
    private const int LocalBytes = 30, CentralBytes = 46, EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20;
    private const uint Wide = uint.MaxValue; // "see the 64-bit extension"

    private readonly CheckpointMemory _memory;
    private readonly AllocationBudget _budget;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    public ZipDirectory(CheckpointMemory memory, AllocationBudget budget)
    {
        _memory = memory;
        _budget = budget;
        (long start, long size, long count) = FindDirectory();
        ReadEntries(start, size, count);
        CheckOverlaps(start);
    }

    /// <summary>The files by name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <summary>True where the memory starts as a zip archive does.</summary>
    public static bool Recognizes(CheckpointMemory memory)
        => memory.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(memory.Slice(0, 4)) is LocalSignature or EndSignature;

    /// <summary>A file's bytes: a view of the archive where it is stored, a copy that lives as long as the memory where it is deflated.</summary>
    public byte* Open(ZipEntry entry)
    {
        if (!entry.IsDeflated)
            return _memory.Start + entry.DataOffset;
        _budget.Charge(entry.Size + 2048, entry.Name); // 2048: the streams
        if (entry.Size > Array.MaxLength)
            throw Wrong(entry.Name, $"at most {Array.MaxLength} bytes deflated", $"{entry.Size}");
        byte[] bytes = _memory.Allocate((int)entry.Size);
        try
        {
            using var packed = new UnmanagedMemoryStream(_memory.Start + entry.DataOffset, entry.PackedSize);
            using var inflate = new DeflateStream(packed, CompressionMode.Decompress);
            inflate.ReadExactly(bytes);
            if (inflate.ReadByte() >= 0)
                throw Wrong(entry.Name, $"{entry.Size} bytes unpacked", "more");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new CheckpointException(_memory.Path, $"{TensorShape.Printable(entry.Name)}: expected {entry.Size} deflated bytes: {e.Message}", e);
        }
        fixed (byte* start = bytes)
            return start; // pinned for good
    }

    private (long Start, long Size, long Count) FindDirectory()
    {
        long end = FindEnd();
        ReadOnlySpan<byte> record = _memory.Slice(end, EndBytes);
        long disks = U16(record, 4) | U16(record, 6), count = U16(record, 10), size = U32(record, 12), start = U32(record, 16);
        bool consistent = disks == 0 && U16(record, 8) == count;
        long limit = end;
        if (count == ushort.MaxValue || size == Wide || start == Wide)
        {
            limit = FindEnd64(end);
            record = _memory.Slice(limit, End64Bytes);
            consistent = U32(record, 16) == 0 && U32(record, 20) == 0 && U64(record, 24) == U64(record, 32);
            (count, size, start) = (U64(record, 32), U64(record, 40), U64(record, 48));
        }
        bool fits = start >= 0 && size >= 0 && start <= limit && size <= limit - start && count >= 0 && count <= size / CentralBytes;
        return consistent && fits ? (start, size, count) : throw Wrong("zip directory", $"one that lies before offset {limit}", $"{count} entries in {size} bytes at {start}");
    }

    /// <summary>The end record stands at the end, behind it only a comment of at most 64 KiB.</summary>
    private long FindEnd()
    {
        for (long at = _memory.Length - EndBytes; at >= 0 && at >= _memory.Length - EndBytes - ushort.MaxValue; at--)
        {
            ReadOnlySpan<byte> record = _memory.Slice(at, EndBytes);
            if (U32(record, 0) == EndSignature && at + EndBytes + U16(record, 20) == _memory.Length)
                return at;
        }
        throw new CheckpointException(_memory.Path, "expected a zip directory at the end, found none (the file is cut off?)");
    }

    private long FindEnd64(long end)
    {
        long locator = end - Locator64Bytes;
        if (locator >= 0 && U32(_memory.Slice(locator, Locator64Bytes), 0) == Locator64Signature)
        {
            long at = U64(_memory.Slice(locator, Locator64Bytes), 8);
            if (at >= 0 && at <= locator - End64Bytes && U32(_memory.Slice(at, End64Bytes), 0) == End64Signature)
                return at;
        }
        throw Wrong("zip directory", "a 64-bit end record", "none");
    }

    private void ReadEntries(long start, long size, long count)
    {
        long at = start, end = start + size;
        for (long i = 0; i < count; i++)
        {
            if (end - at < CentralBytes || U32(_memory.Slice(at, CentralBytes), 0) != CentralSignature)
                throw Wrong("zip directory", $"{count} entries", $"{i}");
            ReadOnlySpan<byte> fixedPart = _memory.Slice(at, CentralBytes);
            int name = U16(fixedPart, 28), extra = U16(fixedPart, 30), comment = U16(fixedPart, 32);
            if (name + extra + comment > end - at - CentralBytes)
                throw Wrong("zip directory", $"an entry of at most {end - at} bytes", $"{CentralBytes + name + extra + comment}");
            AddEntry(fixedPart, _memory.Slice(at + CentralBytes, name), _memory.Slice(at + CentralBytes + name, extra), start);
            at += CentralBytes + name + extra + comment;
        }
    }

    private void AddEntry(ReadOnlySpan<byte> central, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra, long directory)
    {
        _budget.ChargeString(nameBytes.Length, "zip directory");
        _budget.Charge(2 * AllocationBudget.EntryBytes + 64, "zip directory");
        string name = Encoding.UTF8.GetString(nameBytes);
        int flags = U16(central, 8), method = U16(central, 10);
        long packed = U32(central, 20), size = U32(central, 24), header = U32(central, 42);
        ReadWideSizes(extra, ref size, ref packed, ref header);
        const int EncryptedFlags = 0x2041; // encrypted, strongly encrypted, masked headers
        if ((flags & EncryptedFlags) != 0 || method is not (0 or 8))
            throw Wrong(name, "stored or deflated", (flags & EncryptedFlags) != 0 ? "encrypted" : $"method {method}");
        if (size < 0 || packed < 0 || (method == 0 && size != packed))
            throw Wrong(name, $"{packed} bytes", $"{size}");
        long data = ReadLocalHeader(name, nameBytes, header, directory);
        if (packed > directory - data)
            throw Wrong(name, $"at most {directory - data} bytes", $"{packed}");
        if (!_entries.TryAdd(name, new ZipEntry(name, method == 8, header, data, packed, size)))
            throw Wrong(name, "one entry of that name", "two");
    }

    /// <summary>Takes those sizes that did not fit 32 bits from the extra field with id 1, where they stand in this order.</summary>
    private static void ReadWideSizes(ReadOnlySpan<byte> extra, ref long size, ref long packed, ref long header)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(U16(extra, 2), extra.Length - 4);
            if (U16(extra, 0) == 1)
            {
                ReadOnlySpan<byte> wide = extra.Slice(4, length);
                ReadWide(ref wide, ref size);
                ReadWide(ref wide, ref packed);
                ReadWide(ref wide, ref header);
            }
            extra = extra[(4 + length)..];
        }
    }

    private static void ReadWide(ref ReadOnlySpan<byte> wide, ref long value)
    {
        if (value != Wide || wide.Length < sizeof(long))
            return;
        value = U64(wide, 0);
        wide = wide[sizeof(long)..];
    }

    /// <summary>Checks an entry's local header; returns where its data start.</summary>
    private long ReadLocalHeader(string name, ReadOnlySpan<byte> nameBytes, long header, long directory)
    {
        if (header < 0 || header > directory - LocalBytes - nameBytes.Length || U32(_memory.Slice(header, LocalBytes), 0) != LocalSignature)
            throw Wrong(name, $"a local header before offset {directory}", $"none at {header}");
        ReadOnlySpan<byte> local = _memory.Slice(header, LocalBytes);
        long data = header + LocalBytes + U16(local, 26) + U16(local, 28);
        bool same = U16(local, 26) == nameBytes.Length && _memory.Slice(header + LocalBytes, nameBytes.Length).SequenceEqual(nameBytes);
        return same && data <= directory ? data : throw Wrong(name, "the same name in its local header", "another");
    }

    private void CheckOverlaps(long directory)
    {
        ZipEntry[] inOrder = [.. _entries.Values];
        Array.Sort(inOrder, static (x, y) => x.HeaderOffset.CompareTo(y.HeaderOffset));
        for (int i = 0; i < inOrder.Length; i++)
        {
            long next = i + 1 < inOrder.Length ? inOrder[i + 1].HeaderOffset : directory;
            if (inOrder[i].DataOffset + inOrder[i].PackedSize > next)
                throw Wrong(inOrder[i].Name, $"an end before offset {next}", $"at {inOrder[i].DataOffset + inOrder[i].PackedSize}");
        }
    }

    private CheckpointException Wrong(string name, string expected, string found) => new(_memory.Path, TensorShape.Printable(name), expected, found);

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    /// <summary>Values beyond 63 bits come out negative, which every caller refuses.</summary>
    private static long U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
