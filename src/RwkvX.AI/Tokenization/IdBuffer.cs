using System.Buffers;

namespace RwkvX.AI.Tokenization;

/// <summary>Gathers ids in rented segments, so that a long document costs its ids once and no doubling copies.</summary>
internal sealed class IdBuffer : IDisposable
{
    private const int SegmentLength = 16 * 1024;

    private readonly List<int[]> _full = [];
    private int[] _segment = ArrayPool<int>.Shared.Rent(SegmentLength);
    private int _used;

    /// <summary>Room for at least one id.</summary>
    public Span<int> Free
    {
        get
        {
            if (_used == SegmentLength)
            {
                _full.Add(_segment);
                _segment = ArrayPool<int>.Shared.Rent(SegmentLength);
                _used = 0;
            }

            return _segment.AsSpan(_used, SegmentLength - _used);
        }
    }

    /// <summary>Counts ids written to <see cref="Free"/>.</summary>
    public void Advance(int count) => _used += count;

    /// <summary>All ids.</summary>
    public int[] ToArray()
    {
        int[] ids = GC.AllocateUninitializedArray<int>(checked((_full.Count * SegmentLength) + _used));
        for (int i = 0; i < _full.Count; i++) _full[i].AsSpan(0, SegmentLength).CopyTo(ids.AsSpan(i * SegmentLength));
        _segment.AsSpan(0, _used).CopyTo(ids.AsSpan(_full.Count * SegmentLength));
        return ids;
    }

    /// <summary>Gives the segments back.</summary>
    public void Dispose()
    {
        foreach (int[] segment in _full) ArrayPool<int>.Shared.Return(segment);
        ArrayPool<int>.Shared.Return(_segment);
        _full.Clear();
    }
}
