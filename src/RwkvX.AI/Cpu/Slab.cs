using System.Runtime.InteropServices;

namespace RwkvX.AI.Cpu;

/// <summary>2 MiB of memory or a little more, cut into places of one size. Its <see cref="Slabs"/> lends them, under its lock, and frees it.</summary>
/// <remarks>
/// The chosen pages of a step lie far apart. Linux is asked to map the 2 MiB as one huge page: with pages of 4 KiB, a chosen page is several walks
/// of the page table.
/// </remarks>
internal sealed unsafe partial class Slab : IDisposable
{
    private const nuint HugePage = 2 << 20;
    private const int AdviceHugePage = 14; // MADV_HUGEPAGE

    private readonly Stack<int> _free = new();
    private float* _data;

    /// <summary>A slab whose places are all free.</summary>
    /// <param name="placeFloats">Floats of a place, a multiple of a cache line.</param>
    public Slab(long placeFloats)
    {
        PlaceFloats = placeFloats;
        nuint place = checked((nuint)placeFloats * sizeof(float));
        Places = (int)((HugePage + place - 1) / place);
        _data = (float*)NativeMemory.AlignedAlloc((nuint)Places * place, HugePage);
        AskForHugePages(_data, (nuint)Places * place);
        for (int i = Places - 1; i >= 0; i--)
        {
            _free.Push(i);
        }
    }

    /// <summary>Floats of a place.</summary>
    public long PlaceFloats { get; }

    /// <summary>Number of places.</summary>
    public int Places { get; }

    /// <summary>Places that nobody has.</summary>
    public int Free => _free.Count;

    /// <summary>Lends a free place; what is in it is arbitrary.</summary>
    public float* Lend() => _data + (_free.Pop() * PlaceFloats);

    /// <summary>Takes a place back.</summary>
    public void TakeBack(float* place) => _free.Push((int)((place - _data) / PlaceFloats));

    /// <summary>Frees the memory; no place may be lent.</summary>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }

    private static void AskForHugePages(void* start, nuint bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(start, bytes, AdviceHugePage); // a hint: where it is refused, all is as it was
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
