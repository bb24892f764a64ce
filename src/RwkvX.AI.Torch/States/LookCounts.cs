using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Torch.States;

/// <summary>How often heads chose each chunk of a state, where the engine counts: (chunks, M) u32 on the device, to which the kernels add.</summary>
/// <remarks>Whole numbers: the order in which they are added does not show. All members within <see cref="StateStore.Exclusive"/>.</remarks>
internal sealed class LookCounts(StateStore store)
{
    private readonly int _layers = store.Shape.Config.SparseLayerCount;
    private int[][] _earlier = []; // (M, chunks) before the state was imported; shared by forks, never changed
    private DeviceMemory? _counts;
    private int _chunks;

    /// <summary>Device address of the counts; 0 where nobody counts.</summary>
    public ulong Address => _counts?.Address ?? 0;

    /// <summary>Whether there is anything to tell.</summary>
    public bool AreKnown => store.CountsLooks || _earlier.Length > 0;

    /// <summary>Goes on where another state has stopped.</summary>
    /// <param name="looks">(M, chunks)</param>
    public void Start(int[][] looks) => _earlier = looks;

    /// <summary>Makes room for chunks; those that are new begin at zero.</summary>
    public void Reserve(int chunks)
    {
        if (!store.CountsLooks || _layers == 0 || chunks <= _chunks)
            return;
        Grow(Math.Max(16, chunks + (chunks / 4)));
    }

    /// <summary>The counts of another state with the same past.</summary>
    public LookCounts Fork()
    {
        LookCounts fork = new(store) { _earlier = _earlier };
        if (_counts is null)
            return fork;
        fork.Grow(_chunks);
        store.Stream.Copy(Address, fork.Address, Bytes(_chunks));
        return fork;
    }

    /// <summary>(M, chunks) the counts so far, and those from before the state was imported.</summary>
    public unsafe (int[][] Now, int[][] Earlier) Read(int chunks)
    {
        uint[] counts = new uint[_chunks * _layers];
        if (_counts is not null)
        {
            fixed (uint* to = counts)
                store.Stream.Download(Address, to, Bytes(_chunks));
            store.Stream.Synchronize();
        }
        int Now(int layer, int chunk) => chunk < _chunks ? (int)Math.Min(counts[(chunk * _layers) + layer], int.MaxValue) : 0;
        int Earlier(int layer, int chunk) => layer < _earlier.Length && chunk < _earlier[layer].Length ? _earlier[layer][chunk] : 0;
        int[][] All(Func<int, int, int> of) => [.. Enumerable.Range(0, _layers).Select(layer => Enumerable.Range(0, chunks).Select(chunk => of(layer, chunk)).ToArray())];
        return (All(Now), All(Earlier));
    }

    /// <summary>Gives the memory back, also after the model is gone.</summary>
    public void Return()
    {
        if (_counts is not null)
            store.DropTable(_counts);
        _counts = null;
        _chunks = 0;
    }

    private void Grow(int chunks)
    {
        DeviceMemory larger = store.NewTable(Bytes(chunks));
        store.Stream.Clear(larger.Address, Bytes(chunks));
        if (_counts is not null)
        {
            store.Stream.Copy(Address, larger.Address, Bytes(_chunks));
            store.DropTable(_counts);
        }
        (_counts, _chunks) = (larger, chunks);
    }

    private long Bytes(int chunks) => (long)chunks * _layers * sizeof(uint);
}
