using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using RwkvX.AI.Cpu;

namespace RwkvX.AI.Benchmarks;

/// <summary>What the machine can do, measured in the same run as the kernels: read bandwidth and multiply-adds.</summary>
internal static unsafe class MatMulMachine
{
    private const long ReadBytes = 1L << 30;

    /// <summary>Seconds of the fastest of some runs.</summary>
    public static double Best(int repetitions, Action action)
    {
        double best = double.MaxValue;
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    /// <summary>Bytes a second that all workers together read from 1 GiB.</summary>
    public static double ReadBandwidth(WorkerPool pool, int repetitions)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)ReadBytes, 64);
        NativeMemory.Fill(memory, (nuint)ReadBytes, 1);
        double[] sinks = new double[pool.Count];
        double seconds = Best(repetitions, () => pool.Run(worker =>
        {
            (int start, int end) = worker.Slice((int)(ReadBytes / 4096));
            sinks[worker.Index] = Read((float*)(memory + (start * 4096L)), (end - start) * 1024L);
        }));
        NativeMemory.AlignedFree(memory);
        return ReadBytes / seconds;
    }

    /// <summary>Floating-point operations a second of independent multiply-adds in registers, all workers together.</summary>
    public static double MultiplyAddPeak(WorkerPool pool, int repetitions)
    {
        const int Steps = 4_000_000;
        bool isWide = Vector512.IsHardwareAccelerated;
        double[] sinks = new double[pool.Count];
        double seconds = Best(repetitions, () => pool.Run(worker => sinks[worker.Index] = isWide ? MultiplyAdd512(Steps) : MultiplyAdd256(Steps)));
        return 2.0 * (isWide ? 16 : 8) * 12 * Steps * pool.Count / seconds;
    }

    private static double Read(float* at, long count)
    {
        Vector512<float> a = default, b = a, c = a, d = a;
        for (long i = 0; i < count; i += 64)
        {
            a += Vector512.Load(at + i);
            b += Vector512.Load(at + i + 16);
            c += Vector512.Load(at + i + 32);
            d += Vector512.Load(at + i + 48);
        }

        return Vector512.Sum(a + b + c + d);
    }

    private static double MultiplyAdd512(int steps)
    {
        Vector512<float> x = Vector512.Create(0.999f), w = Vector512.Create(1e-3f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int s = 0; s < steps; s++)
        {
            a = Vector512.FusedMultiplyAdd(x, w, a);
            b = Vector512.FusedMultiplyAdd(x, w, b);
            c = Vector512.FusedMultiplyAdd(x, w, c);
            d = Vector512.FusedMultiplyAdd(x, w, d);
            e = Vector512.FusedMultiplyAdd(x, w, e);
            f = Vector512.FusedMultiplyAdd(x, w, f);
            g = Vector512.FusedMultiplyAdd(x, w, g);
            h = Vector512.FusedMultiplyAdd(x, w, h);
            i = Vector512.FusedMultiplyAdd(x, w, i);
            j = Vector512.FusedMultiplyAdd(x, w, j);
            k = Vector512.FusedMultiplyAdd(x, w, k);
            l = Vector512.FusedMultiplyAdd(x, w, l);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    private static double MultiplyAdd256(int steps)
    {
        Vector256<float> x = Vector256.Create(0.999f), w = Vector256.Create(1e-3f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int s = 0; s < steps; s++)
        {
            a = Vector256.FusedMultiplyAdd(x, w, a);
            b = Vector256.FusedMultiplyAdd(x, w, b);
            c = Vector256.FusedMultiplyAdd(x, w, c);
            d = Vector256.FusedMultiplyAdd(x, w, d);
            e = Vector256.FusedMultiplyAdd(x, w, e);
            f = Vector256.FusedMultiplyAdd(x, w, f);
            g = Vector256.FusedMultiplyAdd(x, w, g);
            h = Vector256.FusedMultiplyAdd(x, w, h);
            i = Vector256.FusedMultiplyAdd(x, w, i);
            j = Vector256.FusedMultiplyAdd(x, w, j);
            k = Vector256.FusedMultiplyAdd(x, w, k);
            l = Vector256.FusedMultiplyAdd(x, w, l);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
