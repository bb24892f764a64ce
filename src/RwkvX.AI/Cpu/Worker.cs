using System.Runtime.InteropServices;

namespace RwkvX.AI.Cpu;

/// <summary>One thread's part in a <see cref="WorkerPool.Run"/>: which slice is its own, and where to wait for the others.</summary>
internal sealed unsafe class Worker : IDisposable
{
    private readonly WorkerPool _pool;
    private byte* _scratch;
    private nuint _scratchBytes;

    internal Worker(WorkerPool pool, int index, int count)
    {
        _pool = pool;
        Index = index;
        Count = count;
    }

    ~Worker() => NativeMemory.AlignedFree(_scratch);

    /// <summary>This worker's number, 0 to <see cref="Count"/> − 1; 0 is the thread that called <see cref="WorkerPool.Run"/>.</summary>
    public int Index { get; }

    /// <summary>How many workers run the same body.</summary>
    public int Count { get; }

    /// <summary>Waits until every worker of the run has come here. What any of them wrote before is seen by all after.</summary>
    /// <exception cref="InvalidOperationException">A worker ended its body without coming here.</exception>
    public void Barrier()
    {
        if (Count > 1)
        {
            _pool.Barrier();
        }
    }

    /// <summary>This worker's part of <paramref name="total"/> items, cut at multiples of <paramref name="grain"/>; may be empty.</summary>
    public (int Start, int End) Slice(int total, int grain = 1)
    {
        long grains = ((long)total + grain - 1) / grain;
        long start = grains * Index / Count * grain;
        long end = grains * (Index + 1) / Count * grain;
        return ((int)Math.Min(start, total), (int)Math.Min(end, total));
    }

    /// <summary>This worker's own memory, aligned to 64 bytes, not cleared; the next call may hand out the same bytes.</summary>
    internal byte* Scratch(nuint bytes)
    {
        if (bytes > _scratchBytes)
        {
            _scratch = (byte*)NativeMemory.AlignedRealloc(_scratch, bytes, 64);
            _scratchBytes = bytes;
        }

        return _scratch;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
        _scratchBytes = 0;
        GC.SuppressFinalize(this);
    }
}
