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
/// stream and all sums are single precision, the recurrent state too unless <see cref="CudaModelOptions.StatePrecision"/> says otherwise. Int8 and Fp8 are the precision of the large matrices alone (r, k, v, output,
/// both matrices of a channel mix, q, k, v of a sparse layer, head); all else is BF16 then.
/// </remarks>
public sealed partial class CudaModel : IRwkvXModel, ISamplingEngine
{
    private const int MaxRows = 4096, MaxSequences = 256;

    // What a device keeps free for the driver, cuBLAS and other programs when no page budget is given.
    private const long Reserve = 2L << 30;

    private readonly Owned _owned = new();
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
    private readonly bool _divideAlways;
    private readonly Lazy<string> _hash;
    private readonly CudaState _padding;
    private readonly SamplePass _sampling;
    private RowsPass? _rows;
    private bool _disposed;

    private CudaModel(ModelTensors tensors, CudaModelOptions options)
    {
        _capture = options.CaptureDecoding;
        _gather = options.GatherRows;
        _divideAlways = options.DivideRecurrence == true;
        _hash = new Lazy<string>(tensors.ComputeHash); // reads every weight, so not before somebody asks
        try
        {
            _device = _owned.Add(new CudaDevice(options.Device, options.LibTorchPath));
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
            _kernels = _owned.Add(new KernelSet(_device, compiler, _shape, options.KernelDefines));
            CompiledKernels = compiler.CompiledCount;
            TimeSpan kernels = Lap();
            _stream = _owned.Add(new CudaStream());
            _blas = _owned.Add(new CudaBlas(_device, _stream, _shape.WeightType switch { 0 => CuBlas.TypeF32, 1 => CuBlas.TypeBF16, _ => CuBlas.TypeF16 }));
            TimeSpan blas = Lap();
            _weights = new DeviceWeights(_owned.Add(new WeightArena(_device, _stream, _kernels, _shape)), tensors);
            Startup = [("libraries", _device.LibraryTime), ("driver", _device.DriverTime), ("kernels", kernels), ("cuBLAS", blas), ("weights", Lap())];
            long pageBudget = options.PageBudgetBytes ?? Math.Max(_device.Memory().Free - Reserve, 0);
            _store = _owned.Add(new StateStore(_device, _stream, _shape, pageBudget, options.CountLooks));
            _sampling = _owned.Add(new SamplePass(_device, _stream, _kernels["sample"], _shape.V));
            _padding = new CudaState(_store);
            _padding.Reserve(1);
            Engine = new EngineInfo("torch", $"cuda:{_device.Ordinal}", options.Precision, _weights.StepBytes, $"{_device.Name}, {_device.MultiprocessorCount} multiprocessors")
            {
                StatePrecision = options.StatePrecision,
                PrefillSpan = MaxRows,
                DeviceStateBytes = pageBudget,
                CanDropPages = true,
                DropsWholeChunks = true,
            };
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
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
    internal long PageBytes(long tokens) => _shape.PageBytesOf(tokens);

    /// <summary>Bytes that sequences of so many tokens need: pages, and recurrent states.</summary>
    internal (long Pages, long States) SequenceBytes(int sequences, long tokens) => (sequences * _shape.PageBytesOf(tokens), sequences * _shape.StateBytes);

    /// <summary>Bytes of pages that are taken from the device and held by no state.</summary>
    internal long FreePageBytes => _store.Pages.FreeBytes;

    /// <summary>The same of recurrent states.</summary>
    internal long FreeStateBytes => _store.FreeRecurrentBytes;

    /// <summary>Bytes of pages and recurrent states that states hold, each shared page once; one page and one state are the model's own.</summary>
    internal (long Pages, long States) HeldBytes => _store.HeldBytes;

    /// <summary>Bytes beside the weights that a decoding step of one sequence moves: its recurrent state there and back, the keys and values of the chunks it looks at, the means of all.</summary>
    internal long SequenceStepBytes(long tokens)
    {
        RwkvXConfig config = _shape.Config;
        long full = tokens / config.MobaChunkSize, keys = (tokens % config.MobaChunkSize) + (Math.Min(full, config.MobaTopK - 1) * config.MobaChunkSize);
        return (2 * _shape.StateBytes) + (config.SparseLayerCount * _shape.C * ((2 * keys * _shape.ElementBytes) + (full * sizeof(float))));
    }

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
    /// <exception cref="DeviceMemoryException">The device has not enough memory. This, as any other error, leaves nothing behind on it.</exception>
    /// <exception cref="ArgumentException">The engine has no such precision of weights or states, or the layers' LoRA ranks differ.</exception>
    public static CudaModel Load(ModelTensors tensors, CudaModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        return new CudaModel(tensors, options ?? new CudaModelOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="DeviceMemoryException">No room for one more.</exception>
    public RwkvXState CreateState() => _store.Exclusive(() => new CudaState(_store));

    /// <inheritdoc/>
    /// <exception cref="DeviceMemoryException">Pages, buffers or graphs do not fit: all states, those of the batch too, are as before.</exception>
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
    /// <exception cref="DeviceMemoryException">No room for it.</exception>
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
        _store.Dispose(); // waits for a running pass
        foreach (StepPass step in _steps.Values)
            step.Dispose();
        _rows?.Dispose();
        _owned.Dispose();
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
            StateType = options.StatePrecision switch { Precision.F32 => 0, Precision.F16 => 2, Precision p => throw new ArgumentException($"expected states in F32 or F16, got {p}") },
            EmbeddingType = WeightArena.TypeCode(tensors.Embedding.Type),
            RankW = Rank(t => t.W1.Shape[1]),
            RankA = Rank(t => t.A1.Shape[1]),
            RankG = Rank(t => t.G1.Shape[1]),
            RankV = Rank(t => t.V1?.Shape[1] ?? 0),
            MultiprocessorCount = multiprocessors,
            DividesRecurrence = options.DivideRecurrence ?? tensors.Config.HeadCount <= ModelShape.MostDividedHeads,
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
}
