namespace RwkvX.AI.Training.Data;

/// <summary>Windows over packed shards, each seen once an epoch in an order that the seed decides.</summary>
/// <remarks>The windows of each epoch start at an offset of its own, so that borders fall elsewhere each time.</remarks>
internal sealed class ShardSource : ISequenceSource
{
    private readonly IReadOnlyList<TokenShard> _shards;
    private readonly long[] _ends;
    private readonly int _seed;
    private readonly int _length;
    private readonly Dictionary<long, int[]> _orders = [];

    /// <param name="shards">Stay the caller's.</param>
    /// <param name="length">T</param>
    /// <param name="seed">Decides the order.</param>
    public ShardSource(IReadOnlyList<TokenShard> shards, int length, int seed)
    {
        (_shards, _length, _seed) = (shards, length, seed);
        long total = 0;
        _ends = [.. shards.Select(shard => total += shard.TokenCount)];
        if (total < length + 1) throw new InvalidDataException($"expected shards of at least {length + 1} tokens, found {total}");
        WindowCount = checked((int)((total - length - 1) / length) + 1);
    }

    /// <summary>Windows in an epoch.</summary>
    public int WindowCount { get; }

    public void Read(long index, Span<int> tokens, Span<TokenKind> kinds)
    {
        (long epoch, int place) = (index / WindowCount, (int)(index % WindowCount));
        long total = _ends[^1], room = total - ((long)(WindowCount - 1) * _length) - _length - 1;
        long offset = room == 0 ? 0 : (long)new Random(HashCode(epoch, 1)).NextInt64(room + 1);
        Copy(offset + ((long)Order(epoch)[place] * _length), tokens, kinds);
    }

    /// <summary>Copies across the borders of shards.</summary>
    private void Copy(long start, Span<int> tokens, Span<TokenKind> kinds)
    {
        for (int shard = 0; !tokens.IsEmpty; shard++)
        {
            if (start >= _ends[shard]) continue;
            long first = shard == 0 ? 0 : _ends[shard - 1];
            int count = (int)Math.Min(tokens.Length, _ends[shard] - start);
            _shards[shard].Read(start - first, tokens[..count], kinds[..count]);
            tokens = tokens[count..];
            kinds = kinds[count..];
            start += count;
        }
    }

    private int[] Order(long epoch)
    {
        lock (_orders)
        {
            if (_orders.TryGetValue(epoch, out int[]? order)) return order;
            order = [.. Enumerable.Range(0, WindowCount)];
            new Random(HashCode(epoch, 0)).Shuffle(order);
            _orders.Remove(epoch - 2);
            return _orders[epoch] = order;
        }
    }

    private int HashCode(long epoch, int purpose) => unchecked((int)((((_seed * 1_000_003L) + epoch) * 1_000_003L) + purpose));
}
