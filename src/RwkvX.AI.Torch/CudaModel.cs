using System.Diagnostics;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Cuda.Interop;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.States;
using RwkvX.AI.Torch.Weights;

namespace RwkvX.AI.Torch;

/// <summary>The engine on a CUDA device.</summary>
/// <remarks>
/// Up to four sequences with one token each run as one CUDA graph of fused kernels; more sequences, and longer spans, go through
/// cuBLAS products with kernels of their own in between. Weights, pages and matrix inputs have the precision asked for; the residual
/// stream, the recurrent state and all sums are single precision. Int8 and Fp8 are the precision of the large matrices alone (r, k, v, output,
/// both matrices of a channel mix, q, k, v of a sparse layer, head); all else is BF16 then.
/// </remarks>
public sealed class CudaModel : IRwkvXModel, ISamplingEngine
{
    private const int MaxRows = 4096, MaxSequences = 256;

    // What a device keeps free for the driver, cuBLAS and other programs when no page budget is given.
    private const long Reserve = 2L << 30;

    private readonly CudaDevice _device;
    private readonly CudaStream _stream;
    private readonly CudaBlas _blas;
    private readonly ModelShape _shape;
    private readonly KernelSet _kernels;
    private readonly DeviceWeights _weights;
    private readonly StateStore _store;
    private readonly Dictionary<int, StepPass> _steps = [];
    private readonly bool _capture;
    private readonly bool _gather;
    private readonly Lazy<string> _hash;
    private readonly CudaState _padding;
    private readonly SamplePass _sampling;
    private RowsPass? _rows;
    private bool _disposed;

    private CudaModel(ModelTensors tensors, CudaModelOptions options)
    {
        _capture = options.CaptureDecoding;
        _gather = options.GatherRows;
        _hash = new Lazy<string>(tensors.ComputeHash); // reads every weight, so not before somebody asks
        _device = new CudaDevice(options.Device, options.LibTorchPath);
        if (_device.ComputeCapability < LeastComputeCapability)
            throw new CudaException("DEVICE_TOO_OLD", TooOld(_device));
        _shape = Shape(tensors, options, _device.MultiprocessorCount);
        string? folder = options.KernelCacheFolder switch { null => KernelCompiler.DefaultFolder, "" => null, string f => f };
        KernelCompiler compiler = new(_device.ComputeCapability, _device.DriverVersion, folder);
        long started = Stopwatch.GetTimestamp();
        TimeSpan Lap()
        {
            TimeSpan lap = Stopwatch.GetElapsedTime(started);
            started = Stopwatch.GetTimestamp();
            return lap;
        }
        _kernels = new KernelSet(_device, compiler, _shape, options.KernelDefines);
        CompiledKernels = compiler.CompiledCount;
        TimeSpan kernels = Lap();
        _stream = new CudaStream();
        _blas = new CudaBlas(_device, _stream, _shape.WeightType switch { 0 => CuBlas.TypeF32, 1 => CuBlas.TypeBF16, _ => CuBlas.TypeF16 });
        TimeSpan blas = Lap();
        _weights = new DeviceWeights(new WeightArena(_device, _stream, _kernels, _shape), tensors);
        Startup = [("libraries", _device.LibraryTime), ("driver", _device.DriverTime), ("kernels", kernels), ("cuBLAS", blas), ("weights", Lap())];
        long pageBudget = options.PageBudgetBytes ?? Math.Max(_device.Memory().Free - Reserve, 0);
        _store = new StateStore(_device, _stream, _shape, pageBudget, options.CountLooks);
        _sampling = new SamplePass(_device, _stream, _kernels["sample"], _shape.V);
        _padding = new CudaState(_store);
        _padding.Reserve(1);
        Engine = new EngineInfo("torch", $"cuda:{_device.Ordinal}", options.Precision, _weights.StepBytes, $"{_device.Name}, {_device.MultiprocessorCount} multiprocessors")
        {
            PrefillSpan = MaxRows,
            DeviceStateBytes = pageBudget,
            CanDropPages = true,
            DropsWholeChunks = true,
        };
    }

    /// <inheritdoc/>
    public RwkvXConfig Config => _shape.Config;

    /// <inheritdoc/>
    public EngineInfo Engine { get; }

    /// <inheritdoc/>
    public string ModelHash => _hash.Value;

    /// <summary>How many kernels this load compiled; 0 where all were on disk.</summary>
    public int CompiledKernels { get; }

    /// <summary>What each part of loading took.</summary>
    internal IReadOnlyList<(string Part, TimeSpan Time)> Startup { get; }

    /// <summary>Bytes of pages of keys and values of so many tokens.</summary>
    internal long PageBytes(long tokens) => _shape.Config.SparseLayerCount == 0 ? 0 : (tokens + _shape.PageTokens - 1) / _shape.PageTokens * _shape.PageBytes;

    /// <summary>Bytes beside the weights that a decoding step of one sequence moves: its recurrent state there and back, the keys and values of the chunks it looks at, the means of all.</summary>
    internal long SequenceStepBytes(long tokens)
    {
        RwkvXConfig config = _shape.Config;
        long full = tokens / config.MobaChunkSize, keys = (tokens % config.MobaChunkSize) + (Math.Min(full, config.MobaTopK - 1) * config.MobaChunkSize);
        return (2 * sizeof(float) * _shape.StateFloats) + (config.SparseLayerCount * _shape.C * ((2 * keys * _shape.ElementBytes) + (full * sizeof(float))));
    }

    /// <summary>Bytes of pages that are taken from the device and held by no state.</summary>
    internal long FreePageBytes => _store.Pages.FreeBytes;

    /// <summary>Ten times the version of the oldest device that the kernels run on: Hopper.</summary>
    internal const int LeastComputeCapability = 90;

    /// <summary>The device, for measurements.</summary>
    internal CudaDevice Device => _device;

    /// <summary>The stream of everything, for measurements.</summary>
    internal CudaStream Stream => _stream;

    /// <summary>Bytes of all weights, the embedding too.</summary>
    internal long AllWeightBytes => _weights.Bytes;

    /// <summary>Elements of the matrices that a token is multiplied by.</summary>
    internal long StepElements => _weights.StepElements;

    /// <summary>Loads a model onto a device.</summary>
    /// <param name="tensors">The weights; after the call only <see cref="ModelHash"/> needs them.</param>
    /// <param name="options">Device, precision, budget; null for the defaults.</param>
    /// <exception cref="CudaException">No device, a library is missing, or a kernel does not compile.</exception>
    /// <exception cref="ArgumentException">The engine has no such precision, or the layers' LoRA ranks differ.</exception>
    public static CudaModel Load(ModelTensors tensors, CudaModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new CudaModel(tensors, options ?? new CudaModelOptions());
    }

    /// <inheritdoc/>
    public RwkvXState CreateState() => _store.Exclusive(() => new CudaState(_store));

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<ForwardItem> batch, CancellationToken cancellationToken = default) => Forward(batch.ToArray(), null, cancellationToken);

    /// <inheritdoc/>
    void ISamplingEngine.ForwardAndSample(ReadOnlySpan<ForwardItem> batch, ReadOnlySpan<Sampler?> samplers, Span<int> tokens, CancellationToken cancellationToken)
    {
        if (samplers.Length != batch.Length || tokens.Length != batch.Length)
            throw new ArgumentException($"expected {batch.Length} samplers and room for as many tokens, got {samplers.Length} and {tokens.Length}");
        for (int i = 0; i < batch.Length; i++)
            if (samplers[i] is not null && !batch[i].Logits.IsEmpty)
                throw new ArgumentException("expected no room for logits beside a sampler, got some");
        Sampler?[] each = samplers.ToArray();
        int[] chosen = Forward(batch.ToArray(), each, cancellationToken);
        for (int i = 0; i < chosen.Length; i++)
        {
            if (each[i] is not { } sampler)
                continue;
            tokens[i] = chosen[i];
            if (chosen[i] >= 0)
                sampler.Count(chosen[i]);
        }
    }

    /// <inheritdoc/>
    public StateSnapshot Export(RwkvXState state)
    {
        CudaState mine = Own(state);
        mine.ThrowIfUnusable();
        return _store.Exclusive(() => new SnapshotWriter(_stream, _shape).Write(mine));
    }

    /// <inheritdoc/>
    public RwkvXState Import(StateSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return _store.Exclusive(() => new SnapshotReader(_stream, _shape, _store).Read(snapshot));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _store.Dispose();
        foreach (StepPass step in _steps.Values)
            step.Dispose();
        _rows?.Dispose();
        _sampling.Dispose();
        _weights.Dispose();
        _blas.Dispose();
        _kernels.Dispose();
        _stream.Dispose();
        _device.Dispose();
    }

    /// <summary>Device memory of the caller's own, for tests.</summary>
    internal DeviceMemory NewDeviceMemory(long bytes) => _store.Exclusive(() => new DeviceMemory(_device, bytes, "a test"));

    /// <summary>Uploads logits and chooses from them, for tests.</summary>
    internal void Sample(ulong at, float[] logits, Sampler[] samplers, int[] rows, int[] tokens) => _store.Exclusive(() =>
    {
        _stream.Upload<float>(logits, at);
        _sampling.Run(at, samplers, rows, tokens);
        return true;
    });

    /// <summary>The decoding pass of 1, 2 or 4 lanes.</summary>
    internal StepPass StepFor(int lanes)
    {
        if (!_steps.TryGetValue(lanes, out StepPass? step))
            _steps[lanes] = step = new StepPass(_device, _stream, _shape, _weights, _kernels, lanes);
        return step;
    }

    /// <summary>The sizes and types of a model's kernels.</summary>
    internal static ModelShape Shape(ModelTensors tensors, CudaModelOptions options, int multiprocessors)
    {
        int Rank(Func<TimeMixTensors, int> rank)
        {
            int[] ranks = [.. tensors.RwkvLayers.Select(l => rank(l.TimeMix)).Where(r => r > 0).Distinct()];
            return ranks.Length switch { 0 => 1, 1 => ranks[0], _ => throw new ArgumentException($"expected layers of equal LoRA ranks, found {string.Join(", ", ranks)}") };
        }
        return new ModelShape
        {
            Config = tensors.Config,
            WeightType = (options.Precision is Precision.Int8 or Precision.Fp8 ? options.BesideLarge : options.Precision) switch
            {
                Precision.F32 => 0,
                Precision.BF16 => 1,
                Precision.F16 => 2,
                Precision p => throw new ArgumentException($"expected F32, BF16, F16, Int8 or Fp8, got {p}"),
            },
            MatrixType = options.Precision switch { Precision.Int8 => 1, Precision.Fp8 => 2, _ => 0 },
            EmbeddingType = WeightArena.TypeCode(tensors.Embedding.Type),
            RankW = Rank(t => t.W1.Shape[1]),
            RankA = Rank(t => t.A1.Shape[1]),
            RankG = Rank(t => t.G1.Shape[1]),
            RankV = Rank(t => t.V1?.Shape[1] ?? 0),
            MultiprocessorCount = multiprocessors,
        };
    }

    private CudaState Own(RwkvXState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state is CudaState mine && mine.Store == _store ? mine : throw new ArgumentException("expected a state of this model, got one of another");
    }

    /// <summary>Why a device cannot be used.</summary>
    internal static string TooOld(CudaDevice device)
        => $"expected compute capability {LeastComputeCapability / 10}.{LeastComputeCapability % 10} or newer, found {device.ComputeCapability / 10}.{device.ComputeCapability % 10} ({device.Name})";

    /// <summary>A pass; for items with a sampler, also the token that comes next.</summary>
    private int[] Forward(ForwardItem[] items, Sampler?[]? samplers, CancellationToken cancellationToken) => _store.Exclusive(() =>
    {
        ForwardItems.Check(items, _shape.Config, state => Own(state).ThrowIfUnusable());
        foreach (ForwardItem item in items)
            ((CudaState)item.State).Reserve(item.Tokens.Length);
        int[] chosen = new int[items.Length];
        try
        {
            Run(items, samplers, chosen, cancellationToken);
        }
        catch
        {
            foreach (ForwardItem item in items)
                ((CudaState)item.State).Invalidate();
            throw;
        }
        return chosen;
    });

    private void Run(ForwardItem[] items, Sampler?[]? samplers, int[] chosen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (items.Length <= KernelSet.MaxStepBatch && items.All(i => i.Tokens.Length == 1))
        {
            Step(items, samplers, chosen);
            return;
        }
        foreach (Span[] pass in Passes(items))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunRows(items, pass, samplers, chosen);
        }
    }

    private void Step(ForwardItem[] items, Sampler?[]? samplers, int[] chosen)
    {
        int lanes = items.Length == 3 ? 4 : items.Length;
        StepPass step = StepFor(lanes);
        Span<StepLane> filled = stackalloc StepLane[KernelSet.MaxStepBatch];
        bool logits = false;
        for (int i = 0; i < lanes; i++)
        {
            CudaState state = i < items.Length ? (CudaState)items[i].State : _padding;
            filled[i] = new StepLane(i < items.Length ? items[i].Tokens.Span[0] : 0, (int)state.TokenCount, state.Recurrent, state.Table);
            logits |= i < items.Length && !items[i].Logits.IsEmpty;
        }
        step.Run(filled[..lanes], _capture, logits);
        Choose(step.LogitsAddress, [.. Enumerable.Range(0, items.Length).Where(i => samplers?[i] is not null).Select(i => (i, i))], samplers, chosen);
        _stream.Synchronize();
        for (int i = 0; i < items.Length; i++)
        {
            ((CudaState)items[i].State).Advance(1);
            if (!items[i].Logits.IsEmpty)
                step.Logits.Slice(i * _shape.V, _shape.V).CopyTo(items[i].Logits.Span);
        }
    }

    /// <summary>Fills passes with the items' tokens, in order: at most <see cref="MaxRows"/> rows of <see cref="MaxSequences"/> sequences each, one span an item and pass.</summary>
    private static IEnumerable<Span[]> Passes(ForwardItem[] items)
    {
        List<Span> pass = [];
        int rows = 0;
        for (int item = 0; item < items.Length; item++)
        {
            int length = items[item].Tokens.Length;
            for (int first = 0; first < length;)
            {
                int count = Math.Min(length - first, MaxRows - rows);
                pass.Add(new Span(item, first, count));
                rows += count;
                first += count;
                if (rows < MaxRows && pass.Count < MaxSequences)
                    continue;
                yield return [.. pass];
                pass.Clear();
                rows = 0;
            }
        }
        if (pass.Count > 0)
            yield return [.. pass];
    }

    private void RunRows(ForwardItem[] items, Span[] spans, Sampler?[]? samplers, int[] chosen)
    {
        int rows = spans.Sum(s => s.Count), sequences = spans.Length;
        bool single = rows == sequences;
        // A batch of single tokens is padded to a power of two, so that few graphs serve all sizes.
        int padded = single ? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, 8)) : rows;
        RowsPass pass = Rows(padded, single ? padded : sequences);
        List<(int Item, int Token)> wanted = []; // rows whose logits go to the host
        List<(int Item, int Row)> sampled = [];
        int row = 0;
        for (int s = 0; s < spans.Length; s++)
        {
            (int index, int first, int count) = spans[s];
            ForwardItem item = items[index];
            Place(pass, s, row, item.Tokens.Span.Slice(first, count), (CudaState)item.State);
            bool isLast = first + count == item.Tokens.Length;
            if (samplers?[index] is not null)
            {
                if (isLast)
                    sampled.Add((index, row + count - 1));
            }
            else if (item.Logits.Length == _shape.V && isLast)
            {
                pass.Wanted[wanted.Count] = row + count - 1;
                wanted.Add((index, 0));
            }
            else if (item.Logits.Length > _shape.V)
            {
                for (int i = 0; i < count; i++)
                {
                    pass.Wanted[wanted.Count] = row + i;
                    wanted.Add((index, first + i));
                }
            }
            row += count;
        }
        for (; row < padded; row++)
            Place(pass, row, row, [0], _padding);
        for (int i = 0; i < sampled.Count; i++)
            pass.Wanted[wanted.Count + i] = sampled[i].Row;
        pass.Starts[single ? padded : sequences] = padded;
        pass.Run(padded, single ? padded : sequences, _capture && single);
        for (int first = 0; first < wanted.Count; first += pass.MaxLogitRows)
        {
            int count = Math.Min(pass.MaxLogitRows, wanted.Count - first);
            ReadOnlySpan<float> logits = pass.ReadLogits(first, count);
            for (int i = 0; i < count; i++)
            {
                (int index, int token) = wanted[first + i];
                logits.Slice(i * _shape.V, _shape.V).CopyTo(items[index].Logits.Span[(token * _shape.V)..]);
            }
        }
        for (int first = 0; first < sampled.Count; first += pass.MaxLogitRows)
        {
            int count = Math.Min(pass.MaxLogitRows, sampled.Count - first);
            Choose(pass.ComputeLogits(wanted.Count + first, count), [.. sampled.Slice(first, count).Select((r, i) => (r.Item, i))], samplers!, chosen);
        }
        _stream.Synchronize();
        foreach (Span span in spans)
            ((CudaState)items[span.Item].State).Advance(span.Count);
    }

    /// <summary>Tokens from logits on the device, of items and the rows of logits that are theirs.</summary>
    private void Choose(ulong logits, (int Item, int Row)[] which, Sampler?[]? samplers, int[] chosen)
    {
        if (which.Length == 0)
            return;
        int[] tokens = new int[which.Length];
        _sampling.Run(logits, [.. which.Select(w => samplers![w.Item]!)], [.. which.Select(w => w.Row)], tokens);
        for (int i = 0; i < tokens.Length; i++)
            chosen[which[i].Item] = tokens[i];
    }

    private static void Place(RowsPass pass, int sequence, int row, ReadOnlySpan<int> tokens, CudaState state)
    {
        pass.Starts[sequence] = row;
        pass.Positions[sequence] = (int)state.TokenCount;
        pass.States[sequence] = state.Recurrent;
        pass.Tables[sequence] = state.Table;
        tokens.CopyTo(pass.Tokens[row..]);
        pass.Segments.Slice(row, tokens.Length).Fill(sequence);
    }

    /// <summary>The pass with room for so many rows; grown by powers of two.</summary>
    private RowsPass Rows(int rows, int sequences)
    {
        if (_rows is not null && _rows.MaxRows >= rows && _rows.MaxSequences >= sequences)
            return _rows;
        int maxRows = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, Math.Max(64, _rows?.MaxRows ?? 0)));
        int maxSequences = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(sequences, Math.Max(8, _rows?.MaxSequences ?? 0)));
        _rows?.Dispose();
        _rows = null;
        return _rows = new RowsPass(_device, _stream, _shape, _weights, _kernels, _blas, maxRows, maxSequences, _gather);
    }

    /// <summary>Some of an item's tokens.</summary>
    private readonly record struct Span(int Item, int First, int Count);
}
