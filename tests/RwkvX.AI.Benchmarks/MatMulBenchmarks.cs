using BenchmarkDotNet.Attributes;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;

namespace RwkvX.AI.Benchmarks;

/// <summary>The matrix products of a forward pass of the 0.19B shape. For figures beside the machine's: <c>-- matmul</c>.</summary>
public sealed class MatMulBenchmarks : IDisposable
{
    private WorkerPool _pool = null!;
    private MatMulShape _shape = null!;

    [Params(TensorType.BF16, TensorType.F16, TensorType.I8)]
    public TensorType Type { get; set; }

    [Params(1, 4, 64, 512)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pool = new WorkerPool();
        _shape = new MatMulShape(12, 768, 65536, Type, Rows);
    }

    [Benchmark]
    public void Forward() => _shape.Forward(_pool, Rows);

    [GlobalCleanup]
    public void Dispose()
    {
        _shape.Dispose();
        _pool.Dispose();
    }
}
