using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Weights;

namespace RwkvX.AI.Torch.Passes;

/// <summary>Many rows at once, tokens of one or several sequences, through matrix products: prefill, and decoding of large batches.</summary>
internal sealed partial class RowsPass : IDisposable
{
    private readonly CudaStream _stream;
    private readonly ModelShape _shape;
    private readonly DeviceWeights _weights;
    private readonly KernelSet _kernels;
    private readonly CudaBlas _blas;
    private readonly RowsBuffers _at;
    private readonly Dequantizer _large;
    private readonly PinnedMemory _header;
    private readonly Owned _owned = new();
    private readonly Dictionary<int, CudaGraph> _graphs = [];
    private PinnedMemory? _logits;
    private int _rows;
    private int _sequences;
    private bool _single;
    private readonly bool _gather;
    private readonly bool _divideAlways;
    private bool _divided;
    private int _tiles;

    /// <param name="device">The device.</param>
    /// <param name="stream">The stream of everything.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="blas">The matrix products.</param>
    /// <param name="rows">Rows at most.</param>
    /// <param name="sequences">Sequences at most.</param>
    /// <param name="gather">Gather the rows that chose a chunk, where one sequence has more past chunks than its rows choose.</param>
    /// <param name="divideAlways">Divide the recurrence over tokens wherever the shape allows it, not only where that is faster.</param>
    /// <exception cref="DeviceMemoryException">No room for the buffers.</exception>
    public RowsPass(CudaDevice device, CudaStream stream, ModelShape shape, DeviceWeights weights, KernelSet kernels, CudaBlas blas, int rows, int sequences, bool gather, bool divideAlways)
    {
        _divideAlways = divideAlways;
        (_stream, _shape, _weights, _kernels, _blas) = (stream, shape, weights, kernels, blas);
        _gather = gather && shape.WeightType != 0 && shape.Config.SparseLayerCount > 0 && shape.Config.MobaTopK > 1;
        try
        {
            _at = _owned.Add(new RowsBuffers(device, shape, rows, sequences, logitRows: Math.Max(Math.Min(rows, 64), sequences), _gather));
            _large = new Dequantizer(stream, shape, kernels, _at[_at.Widened]);
            _header = _owned.Add(new PinnedMemory(_at.HeaderBytes));
            _at.Clear(stream);
            stream.Synchronize();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int MaxRows => _at.Rows;

    public int MaxSequences => _at.Sequences;

    /// <summary>Rows whose logits fit at once.</summary>
    public int MaxLogitRows => _at.LogitRows;

    /// <summary>(T) to be filled before <see cref="Run"/>, as all of these: token ids.</summary>
    public Span<int> Tokens => _header.Span<int>(_at.Tokens, _at.Rows);

    /// <summary>(T) the sequence of each row.</summary>
    public Span<int> Segments => _header.Span<int>(_at.Segments, _at.Rows);

    /// <summary>(T) rows whose logits are wanted.</summary>
    public Span<int> Wanted => _header.Span<int>(_at.Wanted, _at.Rows);

    /// <summary>(S + 1) the first row of each sequence, then the number of rows.</summary>
    public Span<int> Starts => _header.Span<int>(_at.Starts, _at.Sequences + 1);

    /// <summary>(S) tokens consumed before.</summary>
    public Span<int> Positions => _header.Span<int>(_at.Positions, _at.Sequences);

    /// <summary>(S) device addresses of recurrent states.</summary>
    public Span<ulong> States => _header.Span<ulong>(_at.States, _at.Sequences);

    /// <summary>(S) device addresses of page tables.</summary>
    public Span<ulong> Tables => _header.Span<ulong>(_at.Tables, _at.Sequences);

    /// <summary>Puts all layers of a pass on the stream.</summary>
    /// <param name="rows">T.</param>
    /// <param name="sequences">S.</param>
    public void Run(int rows, int sequences)
    {
        (_rows, _sequences, _single) = (rows, sequences, rows == sequences);
        _tiles = _single ? 0 : DivideIntoTiles();
        _divided = !_single && DividesRecurrence();
        if (_single && _graphs.TryGetValue(rows, out CudaGraph? graph))
            _stream.Launch(graph);
        else
            Record();
    }

    /// <summary>Whether passes of so many sequences with one row each are replayed as a graph.</summary>
    public bool IsCaptured(int sequences) => _graphs.ContainsKey(sequences);

    /// <summary>Replays them as a graph from now on. What is to be filled before <see cref="Run"/> is run once, which loads what cuBLAS needs, and recorded.</summary>
    /// <exception cref="DeviceMemoryException">No room for the graph.</exception>
    public void Capture(int sequences)
    {
        Run(sequences, sequences);
        _stream.Synchronize();
        _graphs[sequences] = _owned.Add(_stream.Capture(Record));
    }

    /// <summary>Room for <see cref="ReadLogits"/>.</summary>
    /// <exception cref="DeviceMemoryException">The host has not so much that can be locked.</exception>
    public void PrepareLogits() => _logits ??= _owned.Add(new PinnedMemory((long)_at.LogitRows * _shape.V * sizeof(float)));

    /// <summary>The logits of some of the wanted rows, after <see cref="PrepareLogits"/> and a synchronisation of our own.</summary>
    /// <param name="first">The first of them, counted in <see cref="Wanted"/>.</param>
    /// <param name="count">At most <see cref="MaxLogitRows"/>.</param>
    /// <returns>(count, V), until the next call.</returns>
    public unsafe ReadOnlySpan<float> ReadLogits(int first, int count)
    {
        ulong logits = ComputeLogits(first, count);
        _stream.Download(logits, _logits!.Pointer, (long)count * _shape.V * sizeof(float));
        _stream.Synchronize();
        return new ReadOnlySpan<float>(_logits.Pointer, checked(count * _shape.V));
    }

    /// <summary>Puts the logits of some of the wanted rows on the stream.</summary>
    /// <returns>Device address of (count, V), until the next call.</returns>
    public ulong ComputeLogits(int first, int count)
    {
        RowsNormArgs norm = new()
        {
            X = _at[_at.X],
            NormWeight = _weights.LnOut.Weight,
            NormBias = _weights.LnOut.Bias,
            Rows = _at[_at.Wanted] + (ulong)(first * sizeof(int)),
            Count = 1,
        };
        norm.Out[0] = _at[_at.Mixes[0]];
        LaunchNorm(norm, count);
        int part = _shape.MatrixType == 0 ? _shape.V : _shape.F; // what the buffer of widened matrices holds
        for (int row = 0; row < _shape.V; row += part)
        {
            int rows = Math.Min(part, _shape.V - row);
            ulong head = _large.Widen(_weights.Head.From(row, _shape.C, _shape), rows, _shape.C);
            _blas.MultiplyWide(_at[_at.Mixes[0]], head, _at[_at.Logits] + (ulong)row * sizeof(float), count, rows, _shape.C, _shape.V);
        }
        return _at[_at.Logits];
    }

    public void Dispose() => _owned.Dispose();

    /// <summary>Tiles for the tensor cores; 0 where they do not apply: single precision, or more chunks than a block can mark.</summary>
    private int DivideIntoTiles()
    {
        const int MaxChunks = 16384; // as in rows_attend_tiles.cu
        if (_shape.WeightType == 0 || _shape.Config.SparseLayerCount == 0)
            return 0;
        Span<int> tiles = _header.Span<int>(_at.Tiles, 2 * _at.MaxTiles);
        int count = 0;
        for (int s = 0; s < _sequences; s++)
        {
            int end = Starts[s + 1];
            if ((Positions[s] + (long)end - Starts[s]) / _shape.Config.MobaChunkSize >= MaxChunks)
                return 0;
            for (int row = Starts[s]; row < end; row += RowsBuffers.TileRows, count++)
                (tiles[2 * count], tiles[2 * count + 1]) = (row, Math.Min(row + RowsBuffers.TileRows, end));
        }
        return count;
    }

    private unsafe void Record()
    {
        _stream.Upload(_header.Pointer, _at[0], _at.HeaderBytes);
        EmbedArgs embed = new()
        {
            Table = _weights.Embedding,
            NormWeight = _weights.Ln0.Weight,
            NormBias = _weights.Ln0.Bias,
            Tokens = _at[_at.Tokens],
            X = _at[_at.X],
        };
        _kernels["embed"].Launch(_stream, embed, _rows);
        RwkvXConfig config = _shape.Config;
        for (int i = 0; i < config.LayerCount; i++)
        {
            TimeMix(_weights.Rwkv[i], i);
            ChannelMix(_weights.Rwkv[i].ChannelMix, _shape.RwkvOffset(i) + _shape.C);
            if (config.SparseLayerCount > 0 && (i + 1) % config.SparseInterval == 0)
            {
                int m = (i + 1) / config.SparseInterval - 1;
                SparseAttention(_weights.Sparse[m], m);
                ChannelMix(_weights.Sparse[m].ChannelMix, _shape.SparseOffset(m));
            }
        }
    }

    private void TimeMix(RwkvLayerWeights w, int layer)
    {
        int t = _rows, c = _shape.C;
        long state = _shape.RwkvOffset(layer);
        bool first = layer == 0;
        Norm(w.Norm, state, [w.Xr, w.Xk, w.Xv, w.Xw, w.Xa, w.Xg]);
        (ulong xr, ulong xk, ulong xv, ulong xw, ulong xa, ulong xg) =
            (_at[_at.Mixes[0]], _at[_at.Mixes[1]], _at[_at.Mixes[2]], _at[_at.Mixes[3]], _at[_at.Mixes[4]], _at[_at.Mixes[5]]);
        _blas.Multiply(xr, _large.Widen(w.Receptance, c, c), _at[_at.R], t, c, c);
        _blas.Multiply(xk, _large.Widen(w.Key, c, c), _at[_at.K], t, c, c);
        ulong v = _at[first ? _at.VFirst : _at.V];
        _blas.Multiply(xv, _large.Widen(w.Value, c, c), v, t, c, c);
        LowRank(xw, w.W1, w.W2, _at.Down[0], _at.W, _shape.RankW, GemvGroup.Tanh);
        LowRank(xa, w.A1, w.A2, _at.Down[1], _at.A, _shape.RankA, GemvGroup.Store);
        LowRank(xg, w.G1, w.G2, _at.Down[2], _at.G, _shape.RankG, GemvGroup.Sigmoid);
        if (!first)
            LowRank(xv, w.V1, w.V2, _at.Down[3], _at.Vl, _shape.RankV, GemvGroup.Store);

        RowsWkvPrepareArgs prepare = new()
        {
            R = _at[_at.R],
            K = _at[_at.K],
            V = v,
            W = _at[_at.W],
            A = _at[_at.A],
            Vl = first ? 0 : _at[_at.Vl],
            W0 = w.W0,
            A0 = w.A0,
            V0 = w.V0,
            Kk = w.Kk,
            Ka = w.Ka,
            Rk = w.Rk,
            VFirst = _at[_at.VFirst],
            Records = _at[_at.Records],
            Bonus = _at[_at.Bonus],
            Ahead = _at[_at.Ahead],
            All = t,
        };
        RowsWkvOutArgs output = new()
        {
            Y = _at[_at.Y],
            Records = _at[_at.Records],
            Bonus = _at[_at.Bonus],
            G = _at[_at.G],
            NormWeight = w.GroupNorm.Weight,
            NormBias = w.GroupNorm.Bias,
            Out = _at[_at.Mixed],
        };
        int headBlocks = (_shape.H + 7) / 8;
        for (int row = 0; row < t; row += RowsBuffers.RecurrenceRows)
        {
            int count = Math.Min(RowsBuffers.RecurrenceRows, t - row);
            (prepare.First, output.First) = (row, row);
            _kernels["rows_wkv_prepare"].Launch(_stream, prepare, count, headBlocks);
            if (_divided)
                RecurByChunks(state, row, row + count);
            else
                Recur(state, row, row + count);
            _kernels["rows_wkv_out"].Launch(_stream, output, count, headBlocks);
        }
        _blas.Accumulate(output.Out, _large.Widen(w.Output, c, c), _at[_at.X], t, c, c);
    }

    private void LowRank(ulong x, ulong down, ulong up, long middle, long output, int rank, int activation)
    {
        _blas.Multiply(x, down, _at[middle], _rows, rank, _shape.C);
        if (activation != GemvGroup.Store)
            Activate(_at[middle], (long)_rows * rank, activation);
        _blas.MultiplyTransposed(_at[middle], up, _at[output], _rows, _shape.C, rank);
    }

    private void ChannelMix(ChannelMixWeights w, long prevOffset)
    {
        Norm(w.Norm, prevOffset, [w.Xk]);
        ulong inner = _at[_at.Records];
        _blas.Multiply(_at[_at.Mixes[0]], _large.Widen(w.Key, _shape.F, _shape.C), inner, _rows, _shape.F, _shape.C);
        Activate(inner, (long)_rows * _shape.F, GemvGroup.Relu2);
        _blas.AccumulateTransposed(inner, _large.Widen(w.Value, _shape.F, _shape.C, transposed: true), _at[_at.X], _rows, _shape.C, _shape.F);
    }

    /// <summary>Seven rows a block read the norm's vectors and the mixes once; few rows are spread over more blocks.</summary>
    private void LaunchNorm(RowsNormArgs args, int rows)
    {
        (args.Total, args.Per) = (rows, rows >= 1024 ? 7 : rows >= 64 ? 2 : 1);
        _kernels["rows_norm"].Launch(_stream, args, (rows + args.Per - 1) / args.Per);
    }

    /// <summary>Norm and mixes into <see cref="RowsBuffers.Mixes"/>; a negative offset means no token shift.</summary>
    private void Norm(LayerNormWeights norm, long prevOffset, ReadOnlySpan<ulong> mixes)
    {
        bool shift = prevOffset >= 0;
        RowsNormArgs args = new()
        {
            X = _at[_at.X],
            NormWeight = norm.Weight,
            NormBias = norm.Bias,
            Segments = _at[_at.Segments],
            Starts = _at[_at.Starts],
            States = shift ? _at[_at.States] : 0,
            PrevOffset = prevOffset,
            Count = mixes.Length,
            Last = _at[_at.Last],
        };
        for (int i = 0; i < mixes.Length; i++)
            (args.Mix[i], args.Out[i]) = (mixes[i], _at[_at.Mixes[i]]);
        LaunchNorm(args, _rows);
        if (!shift)
            return;
        RowsPrevArgs prev = new() { Last = _at[_at.Last], States = _at[_at.States], PrevOffset = prevOffset };
        _kernels["rows_prev"].Launch(_stream, prev, _sequences);
    }

    private void Activate(ulong y, long count, int activation)
    {
        long words = (count * _shape.ElementBytes + 15) / 16;
        RowsActivateArgs args = new() { Y = y, Words = words, Activation = activation };
        _kernels["rows_activate"].Launch(_stream, args, (int)Math.Clamp((words + 255) / 256, 1, 8L * _shape.MultiprocessorCount));
    }
}
