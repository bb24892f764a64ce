namespace RwkvX.AI.Cpu;

/// <summary>The memory of full pages: places of a few sizes, in slabs, which go when all of their places have come back.</summary>
/// <remarks>A slab has no finalizer of its own: places that were forgotten come back through that of their buffer, and the last one frees it.</remarks>
internal sealed unsafe class Slabs
{
    /// <summary>Slabs without a lent place that wait for the next pages.</summary>
    private const int MostEmpty = 4;

    private readonly Lock _lock = new();
    private readonly List<Slab> _open = []; // those with a free place, of any size
    private bool _closed;

    ~Slabs() => Close();

    /// <summary>Slabs that there are.</summary>
    public int Count { get; private set; }

    /// <summary>Memory for a page, all zero; the buffer's end gives it back.</summary>
    public NativeBuffer Take(long floats)
    {
        Slab? slab;
        float* place;
        lock (_lock)
        {
            slab = _open.Find(open => open.PlaceFloats == floats);
            if (slab is null)
            {
                slab = new Slab(floats);
                _open.Add(slab);
                Count++;
            }

            place = slab.Lend();
            if (slab.Free == 0)
            {
                _open.Remove(slab);
            }
        }

        return new NativeBuffer(this, slab, place);
    }

    /// <summary>Takes a place back.</summary>
    public void TakeBack(Slab slab, float* place)
    {
        lock (_lock)
        {
            slab.TakeBack(place);
            if (slab.Free == 1)
            {
                _open.Add(slab);
            }

            if (slab.Free == slab.Places && (_closed || _open.Count(IsEmpty) > MostEmpty))
            {
                Release(slab);
            }
        }
    }

    /// <summary>Keeps no empty slab from now on; the others go with their last place.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _open.FindAll(IsEmpty).ForEach(Release);
        }
    }

    private void Release(Slab slab)
    {
        _open.Remove(slab);
        slab.Dispose();
        Count--;
    }

    private static bool IsEmpty(Slab slab) => slab.Free == slab.Places;
}
