using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>The tokens that pass through the layers together: pieces of one or more sequences, row after row.</summary>
internal sealed class Block
{
    private readonly List<Piece> _pieces = [];
    private readonly List<QueryRun> _runs = [];
    private readonly List<LogitsRow> _logits = [];
    private int[] _tokens = [];
    private int[] _pieceOfRow = [];

    /// <summary>The pieces.</summary>
    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>The pieces cut at chunk borders; empty for a model without sparse layers.</summary>
    public IReadOnlyList<QueryRun> Runs => _runs;

    /// <summary>The rows whose logits are wanted, in order.</summary>
    public IReadOnlyList<LogitsRow> Logits => _logits;

    /// <summary>R, the number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether every piece is a single token, so that no row looks at another.</summary>
    public bool IsStep { get; private set; }

    /// <summary>The token of a row.</summary>
    public int Token(int row) => _tokens[row];

    /// <summary>Which piece a row belongs to.</summary>
    public int PieceOf(int row) => _pieceOfRow[row];

    /// <summary>Takes as many tokens as fit, starting with token <paramref name="token"/> of item <paramref name="item"/>, and moves both on.</summary>
    /// <returns>False if there was nothing left.</returns>
    public bool Fill(ReadOnlySpan<ForwardItem> batch, ref int item, ref int token, int maxRows, RwkvXConfig config)
    {
        _pieces.Clear();
        _runs.Clear();
        _logits.Clear();
        Rows = 0;
        IsStep = true;
        while (item < batch.Length && Rows < maxRows)
        {
            int count = Math.Min(batch[item].Tokens.Length - token, maxRows - Rows);
            Add(batch[item], token, count, config);
            token += count;
            if (token == batch[item].Tokens.Length)
            {
                item++;
                token = 0;
            }
        }

        return Rows > 0;
    }

    private void Add(in ForwardItem item, int start, int count, RwkvXConfig config)
    {
        CpuState state = (CpuState)item.State;
        Piece piece = new(state, Rows, count, state.TokenCount);
        if (_tokens.Length < Rows + count)
        {
            Array.Resize(ref _tokens, Math.Max(2 * _tokens.Length, Rows + count));
            Array.Resize(ref _pieceOfRow, _tokens.Length);
        }

        item.Tokens.Span.Slice(start, count).CopyTo(_tokens.AsSpan(Rows));
        _pieceOfRow.AsSpan(Rows, count).Fill(_pieces.Count);
        AddLogits(item, start, count, config.VocabSize);
        if (config.SparseLayerCount > 0)
        {
            AddRuns(piece, config.MobaChunkSize);
        }

        _pieces.Add(piece);
        Rows += count;
        IsStep &= count == 1;
    }

    private void AddLogits(in ForwardItem item, int start, int count, int V)
    {
        bool all = item.Logits.Length == (long)item.Tokens.Length * V;
        for (int t = start; t < start + count && item.Logits.Length > 0; t++)
        {
            if (all)
            {
                _logits.Add(new LogitsRow(Rows + t - start, item.Logits.Slice(t * V, V)));
            }
            else if (t == item.Tokens.Length - 1)
            {
                _logits.Add(new LogitsRow(Rows + t - start, item.Logits));
            }
        }
    }

    private void AddRuns(in Piece piece, int chunkSize)
    {
        for (int t = 0; t < piece.Count;)
        {
            long position = piece.Position + t;
            int count = (int)Math.Min(Math.Min(QueryRun.MaxCount, piece.Count - t), chunkSize - (position % chunkSize));
            _runs.Add(new QueryRun(_pieces.Count, piece.Row + t, count, position));
            t += count;
        }
    }
}
