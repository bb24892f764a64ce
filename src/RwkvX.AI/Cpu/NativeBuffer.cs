using System.Runtime.InteropServices;

namespace RwkvX.AI.Cpu;

/// <summary>Floats outside the managed heap, aligned to a cache line: memory of its own or a place in a slab. Freed by its owner, or by the finalizer where one was forgotten.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint Alignment = 64;

    private readonly Slabs? _slabs;
    private readonly Slab? _slab;
    private float* _data;

    /// <summary>Allocates <paramref name="count"/> floats, all zero.</summary>
    public NativeBuffer(long count)
    {
        Count = count;
        nuint bytes = checked((nuint)count * sizeof(float));
        _data = (float*)NativeMemory.AlignedAlloc(Math.Max(bytes, Alignment), Alignment);
        NativeMemory.Clear(_data, bytes);
    }

    /// <summary>Takes over a place in a slab and sets it to zero.</summary>
    public NativeBuffer(Slabs slabs, Slab slab, float* place)
    {
        (_slabs, _slab, Count) = (slabs, slab, slab.PlaceFloats);
        _data = place;
        NativeMemory.Clear(_data, (nuint)Bytes);
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
        if (_slab is null)
        {
            NativeMemory.AlignedFree(_data);
        }
        else if (_data is not null)
        {
            _slabs!.TakeBack(_slab, _data);
        }

        _data = null;
    }
}
