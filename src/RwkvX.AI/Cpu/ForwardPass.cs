#pragma warning disable IDE1006 // dimensions are called as in the paper: C H N, and R rows

using RwkvX.AI.Cpu.Kernels;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cpu;

/// <summary>The model's function over a block of rows, as the paper has it; every worker runs the same code on its slice.</summary>
/// <remarks>
/// A row's result does not depend on which other rows are in the block: products keep one order of summation a row, everything else works
/// on single rows, or on a sequence's own rows in the order of its tokens. So any split into blocks, any batch and any number of threads
/// give the same bits. A barrier stands wherever a worker reads what another one wrote.
/// </remarks>
internal sealed unsafe class ForwardPass<V> : IForwardPass
    where V : struct, ILanes<V>
{
    private const int N = Wkv.N;

    private readonly CpuWeights _weights;
    private readonly WorkerPool _pool;
    private readonly Workspace _work;
    private readonly AttentionScratch[] _scratch;
    private readonly Action<Worker> _body;
    private readonly int _lowRank;
    private readonly int C;
    private readonly int H;
    private readonly bool[] _stop = new bool[2];
    private Block _block = new();
    private CancellationToken _cancellation;
    private bool _cancelled;
    private int R;

    public ForwardPass(CpuWeights weights, WorkerPool pool, PagePool pages)
    {
        _weights = weights;
        _pool = pool;
        C = weights.Config.EmbeddingSize;
        H = weights.Config.HeadCount;
        _lowRank = weights.TimeMixes.Max(w => w.LargestRank);
        _work = new Workspace(weights.Config, _lowRank);
        _scratch = [.. Enumerable.Range(0, pool.Count).Select(_ => new AttentionScratch(pages.AddVisits()))];
        _body = Execute;
    }

    public ChunkChoiceHook? ChoiceHook { get; set; }

    public bool Run(Block block, CancellationToken cancellationToken)
    {
        _block = block;
        _cancellation = cancellationToken;
        _cancelled = false;
        R = block.Rows;
        _work.Reserve(R, block.Logits.Count);
        _pool.Run(_body);
        return !_cancelled;
    }

    public void Dispose()
    {
        _work.Dispose();
        Array.ForEach(_scratch, scratch => scratch.Dispose());
    }

    private void Execute(Worker worker)
    {
        RwkvXConfig config = _weights.Config;
        Embed(worker);
        for (int i = 0; i < config.LayerCount; i++)
        {
            AskToStop(worker, i);
            TimeMix(worker, _weights.TimeMixes[i], i);
            ChannelMix(worker, _weights.ChannelMixes[i], i, sparse: false);
            if (config.SparseLayerCount > 0 && (i + 1) % config.SparseInterval == 0)
            {
                int m = ((i + 1) / config.SparseInterval) - 1;
                Attention(worker, _weights.Attentions[m], m);
                ChannelMix(worker, _weights.SparseChannelMixes[m], m, sparse: true);
            }

            if (_stop[i & 1])
            {
                return;
            }
        }

        Head(worker);
    }

    /// <summary>Worker 0 asks once a layer, and all read the answer after a barrier; two places, since it may ask again before all have read.</summary>
    private void AskToStop(Worker worker, int layer)
    {
        if (worker.Index == 0)
        {
            _stop[layer & 1] = _cancelled = _cancellation.IsCancellationRequested;
        }
    }

    /// <summary>x = LN0(emb[token])</summary>
    private void Embed(Worker worker)
    {
        (int start, int end) = worker.Slice(R);
        for (int row = start; row < end; row++)
        {
            float* x = _work.X + ((nint)row * C);
            _weights.Embedding.CopyTo((long)_block.Token(row) * C, new Span<float>(x, C));
            LayerNorm.Run<V>(x, _weights.Ln0.Weight, _weights.Ln0.Bias, x, C, LayerNorm.Epsilon);
            new Span<float>(_work.Delta + ((nint)row * C), C).Clear();
        }
    }

    private void TimeMix(Worker worker, TimeMixWeights w, int layer)
    {
        Workspace s = _work;
        AddAndNorm(worker, w.Ln1);
        (int start, int end) = worker.Slice(R);
        nint mix = (nint)R * C, low = (nint)R * _lowRank;
        for (int row = start; row < end; row++)
        {
            float* h = s.Normed + ((nint)row * C);
            TokenShift.RunSix<V>(h, Previous(row, h, StateOf(row).AttXPrev(layer)), w.Mu, s.Mixed + ((nint)row * C), mix, C);
        }

        worker.Barrier();
        KeepLast(worker, sparse: false, attention: true, layer);
        float* xr = s.Mixed, xw = xr + mix, xk = xw + mix, xv = xk + mix, xa = xv + mix, xg = xa + mix;
        float* lowW = s.LowRank, lowA = lowW + low, lowG = lowA + low, lowV = lowG + low;
        if (w.ValueShare is { } share)
        {
            MatMul.Run(
                worker, R,
                Product(xr, w.Receptance, s.Receptance), Product(xk, w.Key, s.Key), Product(xv, w.Value, s.Value),
                Down(xw, w.Decay, lowW), Down(xa, w.Rate, lowA), Down(xg, w.Gate, lowG), Down(xv, share, lowV));
        }
        else
        {
            MatMul.Run(
                worker, R,
                Product(xr, w.Receptance, s.Receptance), Product(xk, w.Key, s.Key), Product(xv, w.Value, s.ValueFirst),
                Down(xw, w.Decay, lowW), Down(xa, w.Rate, lowA), Down(xg, w.Gate, lowG));
        }

        worker.Barrier();
        for (int row = start; row < end; row++)
        {
            Activations.Tanh<V>(lowW + ((nint)row * w.Decay.Rank), w.Decay.Rank);
            Activations.Sigmoid<V>(lowG + ((nint)row * w.Gate.Rank), w.Gate.Rank);
        }

        worker.Barrier();
        if (w.ValueShare is { } valueShare)
        {
            MatMul.Run(
                worker, R,
                Up(lowW, w.Decay, s.Decay), Up(lowA, w.Rate, s.Rate), Up(lowG, w.Gate, s.Gate), Up(lowV, valueShare, s.ValueShare));
        }
        else
        {
            MatMul.Run(worker, R, Up(lowW, w.Decay, s.Decay), Up(lowA, w.Rate, s.Rate), Up(lowG, w.Gate, s.Gate));
        }

        worker.Barrier();
        Recurrence(worker, w, layer);
        worker.Barrier();
        MatMul.Run(worker, s.Output, R, C, w.Output, s.Delta, C);
        worker.Barrier();
    }

    /// <summary>Gates, S ← …, y = S·r, group norm and bonus. One head of one piece at a time where there are few rows; else in three phases.</summary>
    private void Recurrence(Worker worker, TimeMixWeights w, int layer)
    {
        float* v = w.ValueShare is null ? _work.ValueFirst : _work.Value;
        int pieces = _block.Pieces.Count;
        if (_block.IsStep)
        {
            (int first, int last) = worker.Slice(pieces * H);
            for (int unit = first; unit < last; unit++)
            {
                (int piece, int head) = Math.DivRem(unit, H);
                Prepare(w, v, piece, head);
                Recur(v, _block.Pieces[piece], head, layer, 0, N);
                Finish(w, v, piece, head);
            }

            return;
        }

        (int start, int end) = worker.Slice(R);
        for (int row = start; row < end; row++)
        {
            for (int head = 0; head < H; head++)
            {
                Prepare(w, v, row, head);
            }
        }

        worker.Barrier();
        int groups = pieces * H % worker.Count == 0 ? 1 : pieces * H * 2 % worker.Count == 0 ? 2 : N / Wkv.RowGroup, size = N / groups;
        (start, end) = worker.Slice(pieces * H * groups);
        for (int unit = start; unit < end; unit++)
        {
            (int pieceHead, int group) = Math.DivRem(unit, groups);
            (int piece, int head) = Math.DivRem(pieceHead, H);
            Recur(v, _block.Pieces[piece], head, layer, group * size, (group + 1) * size);
        }

        worker.Barrier();
        (start, end) = worker.Slice(R);
        for (int row = start; row < end; row++)
        {
            for (int head = 0; head < H; head++)
            {
                Finish(w, v, row, head);
            }
        }
    }

    private void Prepare(TimeMixWeights w, float* v, int row, int head)
    {
        Workspace s = _work;
        nint at = ((nint)row * C) + (head * N);
        int c = head * N;
        if (w.ValueShare is not null)
        {
            TimeMixGates.MixValue<V>(v + at, s.ValueFirst + at, s.ValueShare + at, w.V0 + c);
        }

        s.Bonus[(row * H) + head] = TimeMixGates.Prepare<V>(
            s.Decay + at, s.Rate + at, s.Key + at, s.Receptance + at, s.NegKappa + at, w.W0 + c, w.A0 + c, w.Kk + c, w.Ka + c, w.Rk + c);
    }

    private void Recur(float* v, in Piece piece, int head, int layer, int i0, int i1)
    {
        Workspace s = _work;
        nint at = ((nint)piece.Row * C) + (head * N);
        Wkv.Run<V>(
            piece.State.WkvState(layer) + (head * N * N), s.Decay + at, s.NegKappa + at, s.Rate + at, s.Key + at, v + at, s.Receptance + at,
            s.Output + at, piece.Count, C, i0, i1);
    }

    private void Finish(TimeMixWeights w, float* v, int row, int head)
    {
        nint at = ((nint)row * C) + (head * N);
        int c = head * N;
        TimeMixGates.Finish<V>(_work.Output + at, v + at, _work.Gate + at, _work.Bonus[(row * H) + head], w.LnX.Weight + c, w.LnX.Bias + c);
    }

    /// <summary>Value·relu(Key·k)², k = LN2(x) mixed with the token before.</summary>
    private void ChannelMix(Worker worker, ChannelMixWeights w, int layer, bool sparse)
    {
        Workspace s = _work;
        AddAndNorm(worker, w.Ln2);
        (int start, int end) = worker.Slice(R);
        for (int row = start; row < end; row++)
        {
            float* h = s.Normed + ((nint)row * C);
            CpuState state = StateOf(row);
            float* xPrev = sparse ? state.SparseFfnXPrev(layer) : state.FfnXPrev(layer);
            TokenShift.Run<V>(h, Previous(row, h, xPrev), w.Mu, s.Mixed + ((nint)row * C), C);
        }

        worker.Barrier();
        KeepLast(worker, sparse, attention: false, layer);
        MatMul.Run(worker, s.Mixed, R, C, w.Key, s.Inner, w.Key.Rows);
        worker.Barrier();
        int inner = w.Key.Rows;
        (int first, int last) = worker.Slice(R * inner, N);
        Activations.ReluSquared<V>(s.Inner + first, last - first);
        worker.Barrier();
        MatMul.Run(worker, s.Inner, R, inner, w.Value, s.Delta, C);
        worker.Barrier();
    }

    private void Attention(Worker worker, SparseAttentionWeights w, int layer)
    {
        Workspace s = _work;
        AddAndNorm(worker, w.Ln1);
        if (_block.IsStep)
        {
            worker.Barrier(); // else AddAndNorm ended with one
        }

        MatMul.Run(worker, R, Product(s.Normed, w.Query, s.Receptance), Product(s.Normed, w.Key, s.Key), Product(s.Normed, w.Value, s.Value));
        worker.Barrier();
        (int start, int end) = worker.Slice(_block.Pieces.Count * H);
        for (int unit = start; unit < end; unit++)
        {
            (int index, int head) = Math.DivRem(unit, H);
            Piece piece = _block.Pieces[index];
            nint at = ((nint)piece.Row * C) + (head * N);
            SparseAttention<V>.Append(piece, layer, head, s.Key + at, s.Value + at, C);
        }

        if (!_block.IsStep)
        {
            worker.Barrier(); // in a step each piece has one run, so a worker reads the head that it wrote
        }

        (start, end) = worker.Slice(_block.Runs.Count * H);
        for (int unit = start; unit < end; unit++)
        {
            (int index, int head) = Math.DivRem(unit, H);
            QueryRun run = _block.Runs[index];
            nint at = ((nint)run.Row * C) + (head * N);
            SparseAttention<V>.Attend(
                run, _block.Pieces[run.Piece].State, layer, head, s.Receptance + at, s.Output + at, C, _scratch[worker.Index], ChoiceHook);
        }

        worker.Barrier();
        MatMul.Run(worker, s.Output, R, C, w.Output, s.Delta, C);
        worker.Barrier();
    }

    /// <summary>Head·LN_out(x) for the rows that want it.</summary>
    private void Head(Worker worker)
    {
        int V_ = _weights.Head.Rows;
        for (int first = 0; first < _block.Logits.Count; first += _work.LogitsRows)
        {
            int count = Math.Min(_work.LogitsRows, _block.Logits.Count - first);
            (int start, int end) = worker.Slice(count);
            for (int i = start; i < end; i++)
            {
                nint at = (nint)_block.Logits[first + i].Row * C;
                LayerNorm.AddAndRun<V>(_work.X + at, _work.Delta + at, _weights.LnOut.Weight, _weights.LnOut.Bias, _work.Normed + ((nint)i * C), C);
            }

            worker.Barrier();
            MatMul.Run(worker, _work.Normed, count, C, _weights.Head, _work.Logits, V_);
            worker.Barrier();
            (start, end) = worker.Slice(V_);
            for (int i = 0; i < count; i++)
            {
                new ReadOnlySpan<float>(_work.Logits + ((nint)i * V_) + start, end - start).CopyTo(_block.Logits[first + i].Destination.Span[start..]);
            }

            if (first + count < _block.Logits.Count)
            {
                worker.Barrier();
            }
        }
    }

    /// <summary>x += the last sublayer's output; h = LN(x). Rows of other workers are complete afterwards unless the block is a step.</summary>
    private void AddAndNorm(Worker worker, NormWeights norm)
    {
        (int start, int end) = worker.Slice(R);
        for (int row = start; row < end; row++)
        {
            nint at = (nint)row * C;
            LayerNorm.AddAndRun<V>(_work.X + at, _work.Delta + at, norm.Weight, norm.Bias, _work.Normed + at, C);
        }

        if (!_block.IsStep)
        {
            worker.Barrier();
        }
    }

    private CpuState StateOf(int row) => _block.Pieces[_block.PieceOf(row)].State;

    /// <summary>The vector of the token before: the row above, or the state's for the first row of a piece.</summary>
    private float* Previous(int row, float* h, float* xPrev) => _block.Pieces[_block.PieceOf(row)].Row == row ? xPrev : h - C;

    /// <summary>Keeps each piece's last vector for its next token; all have read the one before.</summary>
    private void KeepLast(Worker worker, bool sparse, bool attention, int layer)
    {
        (int start, int end) = worker.Slice(_block.Pieces.Count);
        for (int i = start; i < end; i++)
        {
            Piece piece = _block.Pieces[i];
            float* xPrev = sparse ? piece.State.SparseFfnXPrev(layer) : attention ? piece.State.AttXPrev(layer) : piece.State.FfnXPrev(layer);
            new ReadOnlySpan<float>(_work.Normed + ((nint)(piece.Row + piece.Count - 1) * C), C).CopyTo(new Span<float>(xPrev, C));
        }
    }

    private MatMulProduct Product(float* x, WeightMatrix w, float* y) => new(x, C, w, y, w.Rows);

    private MatMulProduct Down(float* x, LowRankWeights w, float* y) => new(x, C, w.Down, y, w.Rank);

    private MatMulProduct Up(float* x, LowRankWeights w, float* y) => new(x, w.Rank, w.Up, y, C);
}
