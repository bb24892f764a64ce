using BenchmarkDotNet.Attributes;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Testing.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>Prefill and decode of a model of the embedded one's shape (8 × 256 + 2, chunk 64, top-k 8), random weights in 16 bit.</summary>
public class CpuModelBenchmarks : IDisposable
{
    private const int Decoded = 64;

    private readonly TinyModel _tiny = TinyModel.Create(heads: 4, layers: 8, sparseLayers: 2, chunkSize: 64, topK: 8, vocabulary: 4096, ranks: [64, 64, 64, 32]);
    private CpuModel _model = null!;
    private RwkvXState _context = null!;
    private float[] _logits = [];
    private int[] _tokens = [];

    /// <summary>Tokens before the first decoded one.</summary>
    [Params(2_000, 100_000)]
    public int Context { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _model = _tiny.Engine(new CpuModelOptions { Precision = Precision.BF16 });
        _logits = new float[_model.Config.VocabSize];
        _tokens = _tiny.Tokens(Context);
        _context = _model.CreateState();
        _model.Forward(_context, _tokens, Memory<float>.Empty);
    }

    [Benchmark(OperationsPerInvoke = Decoded)]
    public void Decode()
    {
        using RwkvXState state = _context.Fork();
        for (int t = 0; t < Decoded; t++)
            _model.Forward(state, _tokens.AsMemory(t, 1), _logits);
    }

    [Benchmark(OperationsPerInvoke = 1024)]
    public void Prefill()
    {
        using RwkvXState state = _context.Fork();
        _model.Forward(state, _tokens.AsMemory(0, 1024), _logits);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _context?.Dispose();
        _model?.Dispose();
        _tiny.Dispose();
        GC.SuppressFinalize(this);
    }
}
