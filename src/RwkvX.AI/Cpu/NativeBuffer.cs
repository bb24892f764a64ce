using System.Runtime.InteropServices;

namespace RwkvX.AI.Cpu;

/// <summary>Floats outside the managed heap, aligned to a cache line. Freed by its owner, or by the finalizer where one was forgotten.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint Alignment = 64;

    private float* _data;

    /// <summary>Allocates <paramref name="count"/> floats, all zero.</summary>
    public NativeBuffer(long count)
    {
        Count = count;
        nuint bytes = checked((nuint)count * sizeof(float));
        _data = (float*)NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
        NativeMemory.Clear(_data, bytes);
    }

    ~NativeBuffer() => Free();

    /// <summary>Number of floats.</summary>
    public long Count { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => Count * sizeof(float);

    /// <summary>The first float. The caller keeps the buffer reachable while it uses the pointer.</summary>
    public float* Data => _data;

    /// <summary>The floats as a span.</summary>
    public Span<float> Span => new(_data, checked((int)Count));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
