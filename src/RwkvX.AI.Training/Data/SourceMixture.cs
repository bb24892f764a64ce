namespace RwkvX.AI.Training.Data;

/// <summary>Several sources mixed by weight: which one a sequence comes from, and its number there, follow from the sequence's number and the seed alone.</summary>
internal sealed class SourceMixture : ISequenceSource
{
    private const int Span = 1024; // sequences between two kept counts

    private readonly IReadOnlyList<ISequenceSource> _sources;
    private readonly double[] _shares;
    private readonly int _seed;
    private readonly List<long[]> _counts;

    /// <param name="sources">The sources.</param>
    /// <param name="weights">As many shares.</param>
    /// <param name="seed">Decides the order.</param>
    public SourceMixture(IReadOnlyList<ISequenceSource> sources, IReadOnlyList<double> weights, int seed)
    {
        (_sources, _seed) = (sources, seed);
        double total = weights.Sum(), sum = 0;
        _shares = [.. weights.Select(weight => sum += weight / total)];
        _counts = [new long[sources.Count]];
    }

    public void Read(long index, Span<int> tokens, Span<TokenKind> kinds)
    {
        (int source, long number) = Locate(index);
        _sources[source].Read(number, tokens, kinds);
    }

    /// <summary>The source of a sequence and its number there.</summary>
    internal (int Source, long Number) Locate(long index)
    {
        lock (_counts)
        {
            while (_counts.Count <= index / Span) _counts.Add(Count(_counts.Count - 1, Span));
            long[] counts = Count((int)(index / Span), (int)(index % Span) + 1);
            int source = Pick(index);
            return (source, counts[source] - 1);
        }
    }

    private long[] Count(int span, int length)
    {
        long[] counts = [.. _counts[span]];
        for (int i = 0; i < length; i++) counts[Pick(((long)span * Span) + i)]++;
        return counts;
    }

    private int Pick(long index)
    {
        double u = (SplitMix(unchecked((ulong)index + ((ulong)_seed << 40))) >> 11) * (1.0 / (1UL << 53));
        int source = Array.FindIndex(_shares, share => u < share);
        return source < 0 ? _shares.Length - 1 : source;
    }

    private static ulong SplitMix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
