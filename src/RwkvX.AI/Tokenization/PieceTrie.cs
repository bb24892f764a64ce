using System.Runtime.CompilerServices;

namespace RwkvX.AI.Tokenization;

/// <summary>Longest-match search over the pieces' bytes: a double-array trie with one 4-byte cell a node.</summary>
/// <remarks>
/// The children of a node with offset b lie at b + byte. A cell says which byte leads to it, so a step is one load and one
/// compare; no two nodes share an offset, so the byte alone proves the parent. Offset 0 belongs to leaves: cells 0 to 255 stay empty.
/// </remarks>
internal sealed class PieceTrie
{
    internal const uint LabelMask = 0x1FF;  // bits 0-8: the byte that leads here, or Empty
    internal const uint Empty = 0x1FF;
    internal const uint Terminal = 0x200;   // bit 9: a piece ends here
    internal const int OffsetShift = 10;    // bits 10-31: where the children start
    internal const int MaxCells = 1 << 22;

    private readonly uint[] _cells;
    private readonly int[] _ids;  // per cell, the piece that ends there
    private readonly int _root;   // offset of the root's children

    internal PieceTrie(uint[] cells, int[] ids, int root, int maxLength)
    {
        _cells = cells;
        _ids = ids;
        _root = root;
        MaxLength = maxLength;
    }

    /// <summary>Bytes of the longest piece: a match is certain where so many bytes are in sight.</summary>
    public int MaxLength { get; }

    /// <summary>Cuts text into the longest matching pieces.</summary>
    /// <param name="utf8">The text, from the border of a piece.</param>
    /// <param name="isLast">Whether the text ends here. If not, encoding stops where a piece might reach beyond the end.</param>
    /// <param name="ids">Where the ids go; encoding stops when it is full.</param>
    /// <param name="consumed">Bytes encoded.</param>
    /// <returns>Ids written.</returns>
    public int Encode(ReadOnlySpan<byte> utf8, bool isLast, Span<int> ids, out int consumed)
    {
        int limit = isLast ? utf8.Length : utf8.Length - MaxLength + 1;
        int position = 0, count = 0;
        while (position < limit && count < ids.Length)
        {
            ids[count++] = Match(utf8[position..], out int length);
            position += length;
        }

        consumed = position;
        return count;
    }

    /// <summary>The longest piece at the start of a text of at least one byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Match(ReadOnlySpan<byte> utf8, out int length)
    {
        uint[] cells = _cells;
        uint offset = (uint)_root, end = 0;
        length = 0;
        for (int i = 0; i < utf8.Length; i++)
        {
            uint at = offset + utf8[i];
            uint cell = cells[at];
            if ((cell & LabelMask) != utf8[i]) break;
            offset = cell >> OffsetShift;
            if ((cell & Terminal) != 0)
            {
                end = at;
                length = i + 1;
            }
        }

        return _ids[end];
    }
}
