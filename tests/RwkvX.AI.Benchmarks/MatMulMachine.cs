using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using RwkvX.AI.Cpu;
using RwkvX.AI.Cpu.Kernels;

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
        double seconds = Best(repetitions, () => pool.Run(worker => sinks[worker.Index] = isWide ? MultiplyAdd<Lanes512>(Steps) : MultiplyAdd<Lanes256>(Steps)));
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

    private static double MultiplyAdd<V>(int steps)
        where V : struct, ILanes<V>
    {
        V x = V.Splat(0.999f), w = V.Splat(1e-3f);
        V a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int s = 0; s < steps; s++)
        {
            a = V.MultiplyAdd(x, w, a);
            b = V.MultiplyAdd(x, w, b);
            c = V.MultiplyAdd(x, w, c);
            d = V.MultiplyAdd(x, w, d);
            e = V.MultiplyAdd(x, w, e);
            f = V.MultiplyAdd(x, w, f);
            g = V.MultiplyAdd(x, w, g);
            h = V.MultiplyAdd(x, w, h);
            i = V.MultiplyAdd(x, w, i);
            j = V.MultiplyAdd(x, w, j);
            k = V.MultiplyAdd(x, w, k);
            l = V.MultiplyAdd(x, w, l);
        }

        return (a + b + c + d + e + f + g + h + i + j + k + l).Sum();
    }
}
