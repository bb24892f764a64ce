using RwkvX.AI.Checkpoints;

namespace RwkvX.AI.Tokenization;

/// <summary>Lays a <see cref="PieceTrie"/> out.</summary>
/// <remarks>
/// Depth first, so that the tail of a long piece lies in neighbouring cells; a node goes to the first place where all its
/// children fit, and the search leaves a region behind once it keeps failing there.
/// </remarks>
internal sealed class PieceTrieBuilder
{
    private const int Window = 64; // cells that the search for a wide node looks back over

    private readonly PieceTable _table;
    private readonly int[] _sorted; // ids by their pieces' bytes
    private readonly string _name;
    private uint[] _cells = [];
    private int[] _ids = [];
    private bool[] _offsetUsed = [];
    private int _firstFree = 256; // below 256: the empty children of leaves
    private int _firstForWide = 256;

    private PieceTrieBuilder(PieceTable table, int[] sorted, string name) => (_table, _sorted, _name) = (table, sorted, name);

    /// <summary>Builds the trie of all pieces.</summary>
    /// <param name="table">The pieces; every one different.</param>
    /// <param name="sorted">Their ids, ordered by the pieces' bytes.</param>
    /// <param name="name">The vocabulary's name for messages.</param>
    /// <exception cref="CheckpointException">The pieces need more nodes than a trie can hold.</exception>
    public static PieceTrie Build(PieceTable table, int[] sorted, string name) => new PieceTrieBuilder(table, sorted, name).Build();

    private PieceTrie Build()
    {
        Grow(1 << 12);
        int root = 0;
        Stack<(int Begin, int End, int Depth, int Cell)> nodes = new();
        nodes.Push((0, _sorted.Length, 0, -1));
        List<(byte Label, int Begin)> children = [];
        while (nodes.TryPop(out var node))
        {
            Children(node.Begin, node.End, node.Depth, children);
            if (children.Count == 0) continue;
            int offset = Place(children);
            if (node.Cell < 0) root = offset;
            else _cells[node.Cell] |= (uint)offset << PieceTrie.OffsetShift;

            for (int i = children.Count - 1; i >= 0; i--)
            {
                (byte label, int begin) = children[i];
                int end = i + 1 < children.Count ? children[i + 1].Begin : node.End, cell = offset + label;
                _cells[cell] = label;
                if (_table[_sorted[begin]].Length == node.Depth + 1)
                {
                    _cells[cell] |= PieceTrie.Terminal;
                    _ids[cell] = _sorted[begin];
                }

                nodes.Push((begin, end, node.Depth + 1, cell));
            }
        }

        int size = Array.FindLastIndex(_cells, cell => cell != PieceTrie.Empty) + 257; // any offset + any byte stays inside
        Array.Resize(ref _cells, size);
        Array.Resize(ref _ids, size);
        return new PieceTrie(_cells, _ids, root, _table.MaxLength);
    }

    /// <summary>The next bytes of the pieces [begin, end), which agree in their first <paramref name="depth"/> bytes.</summary>
    private void Children(int begin, int end, int depth, List<(byte Label, int Begin)> children)
    {
        children.Clear();
        for (int i = begin; i < end; i++)
        {
            ReadOnlySpan<byte> piece = _table[_sorted[i]];
            if (piece.Length == depth) continue; // the piece that ends at this node
            if (children.Count == 0 || children[^1].Label != piece[depth]) children.Add((piece[depth], i));
        }
    }

    private int Place(List<(byte Label, int Begin)> children)
    {
        bool wide = children.Count > 1;
        while (_cells[_firstFree] != PieceTrie.Empty) EnsureCell(++_firstFree);
        int start = wide ? Math.Max(_firstFree, _firstForWide) : _firstFree;
        for (int cell = start; ; cell++)
        {
            EnsureCell(cell + 256);
            int offset = cell - children[0].Label;
            if (_cells[cell] != PieceTrie.Empty || offset < 256 || _offsetUsed[offset] || !Fits(children, offset)) continue;
            if (wide) _firstForWide = Math.Max(_firstForWide, cell - Window);
            _offsetUsed[offset] = true;
            return offset;
        }
    }

    private bool Fits(List<(byte Label, int Begin)> children, int offset)
    {
        for (int i = 1; i < children.Count; i++)
        {
            if (_cells[offset + children[i].Label] != PieceTrie.Empty) return false;
        }

        return true;
    }

    private void EnsureCell(int cell)
    {
        if (cell + 256 >= _cells.Length) Grow(2 * _cells.Length);
    }

    private void Grow(int size)
    {
        if (size > PieceTrie.MaxCells && _cells.Length >= PieceTrie.MaxCells)
            throw new CheckpointException(_name, $"the pieces need more than {PieceTrie.MaxCells} trie cells");
        int old = _cells.Length;
        size = Math.Min(size, PieceTrie.MaxCells);
        Array.Resize(ref _cells, size);
        Array.Resize(ref _ids, size);
        Array.Resize(ref _offsetUsed, size);
        _cells.AsSpan(old).Fill(PieceTrie.Empty);
    }
}
