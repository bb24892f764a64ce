using System.Buffers.Binary;

namespace RwkvX.AI.Tokenization;

/// <summary>The bytes of every piece by id.</summary>
internal sealed class PieceTable
{
    private readonly byte[] _bytes;   // all pieces, one after the other
    private readonly int[] _starts;   // (ids) offset into _bytes
    private readonly int[] _lengths;  // (ids) 0 for an id without a piece

    /// <param name="bytes">All pieces, one after the other.</param>
    /// <param name="starts">Offset of each id's piece.</param>
    /// <param name="lengths">Bytes of each id's piece, 0 for an id without one.</param>
    public PieceTable(byte[] bytes, int[] starts, int[] lengths)
    {
        _bytes = bytes;
        _starts = starts;
        _lengths = lengths;
        MaxLength = lengths.Max();
    }

    /// <summary>The highest id with a piece, plus one.</summary>
    public int Count => _lengths.Length;

    /// <summary>Bytes of the longest piece.</summary>
    public int MaxLength { get; }

    /// <summary>The bytes of a piece; empty for an id without one, whatever its value.</summary>
    public ReadOnlySpan<byte> this[int id] => (uint)id < (uint)_lengths.Length ? _bytes.AsSpan(_starts[id], _lengths[id]) : default;

    /// <summary>The bytes of a piece, to be kept; empty for an id without one.</summary>
    public ReadOnlyMemory<byte> Memory(int id) => (uint)id < (uint)_lengths.Length ? _bytes.AsMemory(_starts[id], _lengths[id]) : default;

    /// <summary>The ids that have a piece, ordered by the pieces' bytes.</summary>
    public int[] SortedIds()
    {
        int[] ids = new int[Count];
        ulong[] keys = new ulong[Count];
        int n = 0;
        for (int id = 0; id < Count; id++)
        {
            if (_lengths[id] == 0) continue;
            keys[n] = Prefix(this[id]);
            ids[n++] = id;
        }

        Array.Sort(keys, ids, 0, n);
        for (int begin = 0, end; begin < n; begin = end)
        {
            for (end = begin + 1; end < n && keys[end] == keys[begin];) end++;
            if (end - begin > 1) ids.AsSpan(begin, end - begin).Sort((x, y) => this[x].SequenceCompareTo(this[y]));
        }

        return ids[..n];
    }

    /// <summary>The first eight bytes as a number that orders as they do.</summary>
    private static ulong Prefix(ReadOnlySpan<byte> piece)
    {
        Span<byte> first = stackalloc byte[8];
        first.Clear();
        piece[..Math.Min(8, piece.Length)].CopyTo(first);
        return BinaryPrimitives.ReadUInt64BigEndian(first);
    }
}
