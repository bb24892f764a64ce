namespace RwkvX.AI.Generation;

/// <summary>A small generator of random numbers whose whole state is one seed: the same on every platform and runtime.</summary>
/// <remarks>Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).</remarks>
internal struct SplitMix64(long seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15; // 2^64 / golden ratio, odd
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [0, 1) from the upper 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));
}
