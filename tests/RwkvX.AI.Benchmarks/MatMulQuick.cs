using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;

namespace RwkvX.AI.Benchmarks;

/// <summary>The matrix products in some seconds, each figure beside what the machine can do: <c>-- matmul [threads] [part]...</c>.</summary>
internal static unsafe class MatMulQuick
{
    public static void Run(string[] args)
    {
        int threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 0;
        string[] parts = args.Length > 1 ? args[1..] : ["machine", "decode", "prefill", "gemm"];
        using WorkerPool pool = new(threads);
        double peak = MatMulMachine.MultiplyAddPeak(pool, 5);
        Print($"{MatMul.InstructionSet}, {pool.Count} threads; multiply-add peak {peak / 1e9:F0} GFLOP/s");
        if (parts.Contains("machine"))
        {
            Barriers(pool);
        }

        if (parts.Contains("decode"))
        {
            Decode(pool);
        }

        if (parts.Contains("prefill"))
        {
            Prefill(pool, peak);
        }

        if (parts.Contains("gemm"))
        {
            Gemm(pool, peak);
        }
    }

    private static void Barriers(WorkerPool pool)
    {
        const int Count = 100_000;
        double seconds = MatMulMachine.Best(5, () => pool.Run(worker =>
        {
            for (int i = 0; i < Count; i++)
            {
                worker.Barrier();
            }
        }));
        double run = MatMulMachine.Best(5, () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                pool.Run(_ => { });
            }
        });
        Print($"barrier {seconds / Count * 1e9:F0} ns, run {run / 1000 * 1e9:F0} ns");
    }

    private static void Decode(WorkerPool pool)
    {
        double sixteen = 0;
        foreach (TensorType type in (TensorType[])[TensorType.BF16, TensorType.F16, TensorType.I8])
        {
            using MatMulShape shape = new(12, 768, 65536, type, 16);
            double read = MatMulMachine.ReadBandwidth(pool, 4);
            shape.Forward(pool, 1);
            double seconds = MatMulMachine.Best(40, () => shape.Forward(pool, 1));
            read = Math.Max(read, MatMulMachine.ReadBandwidth(pool, 3));
            sixteen = type == TensorType.BF16 ? seconds : sixteen;
            double bytes = shape.ByteLength / seconds;
            Print($"decode 12x768 {type,4}: {1 / seconds,6:F1} tok/s, {bytes / 1e9:F1} of {read / 1e9:F1} GB/s read = {bytes / read:P0}, x{sixteen / seconds:F2} of BF16");
            foreach (int rows in (int[])[2, 4, 8, 16])
            {
                double many = MatMulMachine.Best(6, () => shape.Forward(pool, rows));
                Print($"    {rows,2} rows: {many * 1e3:F1} ms, {shape.ByteLength / many / 1e9:F1} GB/s");
            }
        }
    }

    private static void Prefill(WorkerPool pool, double peak)
    {
        foreach (TensorType type in (TensorType[])[TensorType.BF16, TensorType.F16, TensorType.I8])
        {
            using MatMulShape shape = new(12, 768, 65536, type, 512);
            shape.Forward(pool, 64);
            foreach (int rows in (int[])[64, 512])
            {
                double seconds = MatMulMachine.Best(6, () => shape.Forward(pool, rows));
                double flops = 2.0 * rows * shape.LayerWeights / seconds;
                Print($"prefill 12x768 {type,4} T {rows,3}: {rows / seconds,6:F0} tok/s, {flops / 1e9:F0} GFLOP/s = {flops / peak:P0} of peak");
            }
        }
    }

    private static void Gemm(WorkerPool pool, double peak)
    {
        foreach ((int k, int o) in new[] { (768, 768), (768, 3072), (3072, 768), (256, 1024), (2560, 2560), (10240, 2560), (768, 64), (64, 768) })
        {
            using WeightMatrix w = MatMulShape.Random(o, k, TensorType.BF16), x = MatMulShape.Random(512, k, TensorType.F32), y = WeightMatrix.Allocate(512, o, TensorType.F32);
            foreach (int rows in (int[])[4, 8, 16, 128, 512])
            {
                int repeat = (int)Math.Max(1, 1e8 / (2.0 * rows * k * o)); // short, so that some repetition runs undisturbed
                double seconds = MatMulMachine.Best(20, () => pool.Run(worker =>
                {
                    for (int i = 0; i < repeat; i++)
                    {
                        MatMul.Run(worker, (float*)x.Data, rows, k, w, (float*)y.Data, o);
                        worker.Barrier();
                    }
                })) / repeat;
                double flops = 2.0 * rows * k * o / seconds;
                Print($"gemm K {k,5} O {o,4} T {rows,3}: {flops / 1e9,4:F0} GFLOP/s = {flops / peak:P0} of peak");
            }
        }
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
