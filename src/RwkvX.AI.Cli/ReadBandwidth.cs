using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace RwkvX.AI.Cli;

/// <summary>How fast this machine reads memory: one thread a core over a buffer far beyond the caches.</summary>
internal sealed class ReadBandwidth
{
    private readonly ulong[][] _parts; // one a thread

    /// <summary>Allocates and touches the buffer.</summary>
    /// <param name="totalBytes">Its size.</param>
    public ReadBandwidth(int totalBytes)
    {
        int threads = Environment.ProcessorCount;
        _parts = new ulong[threads][];
        for (int i = 0; i < threads; i++)
        {
            _parts[i] = new ulong[totalBytes / sizeof(ulong) / threads];
            Array.Fill(_parts[i], (ulong)i + 1);
        }
    }

    /// <summary>Threads that read.</summary>
    public int Threads => _parts.Length;

    /// <summary>Reads everything once.</summary>
    /// <returns>Bytes a second.</returns>
    public double Measure()
    {
        ulong[] sums = new ulong[Threads];
        using Barrier start = new(Threads + 1);
        Thread[] threads = new Thread[Threads];
        for (int i = 0; i < Threads; i++)
        {
            int index = i;
            threads[i] = new Thread(() =>
            {
                start.SignalAndWait();
                sums[index] = Sum(_parts[index]);
            });
            threads[i].Start();
        }

        start.SignalAndWait();
        long begun = Stopwatch.GetTimestamp();
        foreach (Thread thread in threads) thread.Join();
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        if (sums.Contains(0ul)) throw new InvalidOperationException("the buffer was not read");
        return _parts.Sum(part => (double)part.Length * sizeof(ulong)) / seconds;
    }

    private static ulong Sum(ReadOnlySpan<ulong> part)
    {
        ReadOnlySpan<Vector<ulong>> v = MemoryMarshal.Cast<ulong, Vector<ulong>>(part);
        Vector<ulong> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + 4 <= v.Length; i += 4)
        {
            a += v[i];
            b += v[i + 1];
            c += v[i + 2];
            d += v[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
