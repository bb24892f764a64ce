using System.Numerics;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Weights;

namespace RwkvX.AI.Torch.Passes;

/// <summary>One token for each of B sequences by the fused decoding kernels; recorded once and replayed as a graph.</summary>
/// <remarks>
/// An RWKV layer is five launches: norm + shift + r, k, v and LoRA-down products; LoRA-up + WKV + gate; output; norm + shift + key + relu²;
/// value. A sparse layer is six. Each launch starts while the one before it runs and stages its weights meanwhile.
/// </remarks>
internal sealed class StepPass : IDisposable
{
    private readonly CudaStream _stream;
    private readonly ModelShape _shape;
    private readonly DeviceWeights _weights;
    private readonly KernelSet _kernels;
    private readonly int _batch;
    private readonly Owned _owned = new();
    private readonly PinnedMemory _pinned;
    private readonly StepBuffers _at;
    private readonly CudaKernel _gemv;
    private readonly CudaKernel _output;
    private readonly CudaKernel _value;
    private readonly CudaGraph? _graph;
    private long _x;
    private bool _partials;

    /// <param name="device">The device.</param>
    /// <param name="stream">The stream of everything.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="batch">B.</param>
    /// <param name="capture">Replay as a graph.</param>
    /// <exception cref="DeviceMemoryException">No room for the buffers or the graph.</exception>
    public StepPass(CudaDevice device, CudaStream stream, ModelShape shape, DeviceWeights weights, KernelSet kernels, int batch, bool capture)
    {
        (_stream, _shape, _weights, _kernels, _batch) = (stream, shape, weights, kernels, batch);
        _gemv = kernels["step_gemv", batch];
        _output = kernels["output", batch];
        _value = kernels["step_value", batch];
        _at = new StepBuffers(shape, batch);
        try
        {
            DeviceMemory memory = _owned.Add(_at.Plan.Allocate(device, $"buffers of decoding {batch} sequences"));
            _at.Base = memory.Address;
            _pinned = _owned.Add(new PinnedMemory(_at.LaneBytes + (long)batch * shape.V * sizeof(float)));
            stream.Clear(memory.Address, memory.Bytes);
            _at.UploadTasks(stream);
            stream.Synchronize();
            _graph = capture ? _owned.Add(stream.Capture(Record)) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>(B, V) after <see cref="Run"/> and a synchronisation, where logits were asked for.</summary>
    public unsafe ReadOnlySpan<float> Logits => new(_pinned.Pointer + _at.LaneBytes, checked(_batch * _shape.V));

    /// <summary>Device address of (B, V), for the next thing on the stream.</summary>
    public ulong LogitsAddress => _at[_at.Logits];

    /// <summary>Puts a step on the stream. Lanes beyond the sequences given repeat the last state given as padding.</summary>
    /// <param name="lanes">One lane a sequence, (B) in all.</param>
    /// <param name="logits">Copy the logits back.</param>
    public unsafe void Run(ReadOnlySpan<StepLane> lanes, bool logits)
    {
        Span<int> tokens = _pinned.Span<int>(0, _batch), positions = _pinned.Span<int>(_at.Positions - _at.Lanes, _batch);
        Span<ulong> states = _pinned.Span<ulong>(_at.States - _at.Lanes, _batch), tables = _pinned.Span<ulong>(_at.Tables - _at.Lanes, _batch);
        for (int b = 0; b < _batch; b++)
            (tokens[b], positions[b], states[b], tables[b]) = (lanes[b].Token, lanes[b].Position, lanes[b].State, lanes[b].Table);
        if (_graph is not null)
            _stream.Launch(_graph);
        else
            Record();
        if (logits)
            _stream.Download(_at[_at.Logits], _pinned.Pointer + _at.LaneBytes, (long)_batch * _shape.V * sizeof(float));
    }

    public void Dispose() => _owned.Dispose();

    private unsafe void Record()
    {
        (_x, _partials) = (_at.X, false);
        _stream.Upload(_pinned.Pointer, _at[_at.Lanes], _at.LaneBytes);
        EmbedArgs embed = new()
        {
            Table = _weights.Embedding,
            NormWeight = _weights.Ln0.Weight,
            NormBias = _weights.Ln0.Bias,
            Tokens = _at[_at.Lanes],
            X = _at[_x],
        };
        _kernels["embed"].Launch(_stream, embed, _batch);
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
        Norm(_weights.LnOut, 0, false, _at.HeadTasks, [new() { W = _weights.Head.Values, Scales = _weights.Head.Scales, Out = _at[_at.Logits], Stride = _shape.V }]);
    }

    private void TimeMix(RwkvLayerWeights w, int layer)
    {
        int c = _shape.C;
        Span<GemvGroup> groups =
        [
            new() { W = w.Receptance.Values, Scales = w.Receptance.Scales, Mix = w.Xr, Out = _at[_at.R], Stride = c },
            new() { W = w.Key.Values, Scales = w.Key.Scales, Mix = w.Xk, Out = _at[_at.K], Stride = c },
            new() { W = w.Value.Values, Scales = w.Value.Scales, Mix = w.Xv, Out = _at[_at.V], Stride = c },
            new() { W = w.G1, Mix = w.Xg, Out = _at[_at.Tg], Stride = _shape.RankG, Activation = GemvGroup.Sigmoid },
            new() { W = w.W1, Mix = w.Xw, Out = _at[_at.Tw], Stride = _shape.RankW, Activation = GemvGroup.Tanh },
            new() { W = w.A1, Mix = w.Xa, Out = _at[_at.Ta], Stride = _shape.RankA },
            new() { W = w.V1, Mix = w.Xv, Out = _at[_at.Tv], Stride = _shape.RankV },
        ];
        Norm(w.Norm, _shape.RwkvOffset(layer), true, layer == 0 ? _at.FirstTimeMixTasks : _at.TimeMixTasks, layer == 0 ? groups[..6] : groups);
        StepWkvArgs wkv = new()
        {
            R = _at[_at.R],
            K = _at[_at.K],
            V = _at[_at.V],
            Tw = _at[_at.Tw],
            Ta = _at[_at.Ta],
            Tg = _at[_at.Tg],
            Tv = _at[_at.Tv],
            W2 = w.W2,
            A2 = w.A2,
            G2 = w.G2,
            V2 = w.V2,
            W0 = w.W0,
            A0 = w.A0,
            V0 = w.V0,
            Kk = w.Kk,
            Ka = w.Ka,
            Rk = w.Rk,
            NormWeight = w.GroupNorm.Weight,
            NormBias = w.GroupNorm.Bias,
            VFirst = _at[_at.VFirst],
            H = _at[_at.H],
            States = _at[_at.States],
            StateOffset = _shape.RwkvOffset(layer),
            Out = _at[_at.Mixed],
        };
        _kernels["step_wkv"].LaunchOverlapped(_stream, wkv, _shape.H, _batch);
        Output(w.Output);
    }

    private void SparseAttention(SparseLayerWeights w, int layer)
    {
        int c = _shape.C;
        (MatrixWeights q, MatrixWeights k, MatrixWeights v) = (w.Qkv, w.Qkv.From(c, c, _shape), w.Qkv.From(2 * c, c, _shape));
        Norm(w.Norm, 0, false, _at.QkvTasks,
        [
            new() { W = q.Values, Scales = q.Scales, Out = _at[_at.R], Stride = c },
            new() { W = k.Values, Scales = k.Scales, Out = _at[_at.K], Stride = c },
            new() { W = v.Values, Scales = v.Scales, Out = _at[_at.V], Stride = c },
        ]);
        StepChooseArgs choose = new()
        {
            Q = _at[_at.R],
            K = _at[_at.K],
            V = _at[_at.V],
            Stride = c,
            States = _at[_at.States],
            SumOffset = _shape.SparseOffset(layer) + c,
            Tables = _at[_at.Tables],
            Positions = _at[_at.Positions],
            Layer = layer,
            Chosen = _at[_at.Chosen],
        };
        _kernels["step_choose"].LaunchOverlapped(_stream, choose, _shape.H, _batch);
        StepAttendArgs attend = new()
        {
            Q = _at[_at.R],
            Stride = c,
            Tables = _at[_at.Tables],
            Positions = _at[_at.Positions],
            Chosen = _at[_at.Chosen],
            Layer = layer,
            Partials = _at[_at.AttentionPartials],
            Arrivals = _at[_at.AttentionArrivals],
            Out = _at[_at.Mixed],
        };
        _kernels["step_attend"].LaunchOverlapped(_stream, attend, _shape.Config.MobaTopK * _shape.PagesPerChunk, _shape.H, _batch);
        Output(w.Output);
    }

    private void Output(MatrixWeights weight)
        => Gemv(_output, new GemvArgs { X = _at[_at.Mixed] }, _at.OutputTasks, [new() { W = weight.Values, Scales = weight.Scales, Out = _at[_x], Stride = _shape.C, Activation = GemvGroup.Add }]);

    private void ChannelMix(ChannelMixWeights w, long prevOffset)
    {
        Norm(w.Norm, prevOffset, true, _at.KeyTasks, [new() { W = w.Key.Values, Scales = w.Key.Scales, Mix = w.Xk, Out = _at[_at.Inner], Stride = _shape.F, Activation = GemvGroup.Relu2 }]);
        StepValueArgs value = new()
        {
            Value = w.Value.Values,
            Scales = w.Value.Scales,
            K = _at[_at.Inner],
            Partials = _at[_at.ValuePartials],
            H = _at[_at.H],
            States = _at[_at.States],
            PrevOffset = prevOffset,
        };
        _value.LaunchOverlapped(_stream, value, _shape.ValueColumns * _shape.ValueSplits);
        _partials = true;
    }

    /// <summary>Products of the normed residual stream, to which the sums of the channel mix before are added on the way.</summary>
    private void Norm(LayerNormWeights norm, long prevOffset, bool shift, GemvTaskList tasks, ReadOnlySpan<GemvGroup> groups)
    {
        GemvArgs args = new()
        {
            X = _at[_x],
            NormWeight = norm.Weight,
            NormBias = norm.Bias,
            States = _at[_at.States],
            PrevOffset = prevOffset,
            HOut = shift ? _at[_at.H] : 0,
        };
        if (_partials)
        {
            _x = _x == _at.X ? _at.OtherX : _at.X;
            (args.Partials, args.XOut, _partials) = (_at[_at.ValuePartials], _at[_x], false);
        }
        Gemv(_gemv, args, tasks, groups);
    }

    private void Gemv(CudaKernel kernel, GemvArgs args, GemvTaskList tasks, ReadOnlySpan<GemvGroup> groups)
    {
        args.Tasks = _at[tasks.Offset];
        args.Writers = (uint)(1 << BitOperations.Log2((uint)tasks.Blocks)) - 1;
        groups.CopyTo(args.Groups);
        kernel.LaunchOverlapped(_stream, args, tasks.Blocks);
    }
}
