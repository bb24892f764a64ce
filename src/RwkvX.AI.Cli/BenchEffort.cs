namespace RwkvX.AI.Cli;

/// <summary>How long a benchmark measures.</summary>
internal sealed record BenchEffort
{
    /// <summary>Tokens of a prefill.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Prefills of each engine, of which the best counts.</summary>
    public int PrefillRuns { get; init; } = 3;

    /// <summary>Rounds in which bandwidth and engines take turns; medians count.</summary>
    public int Rounds { get; init; } = 9;

    /// <summary>Decoding time of one engine in one round.</summary>
    public double RoundSeconds { get; init; } = 0.25;

    /// <summary>Decoding before the first round: the runtime compiles the hot loops once more, with what it learned.</summary>
    public double WarmUpSeconds { get; init; } = 1.5;

    /// <summary>Tokens of the short history.</summary>
    public int ShortContext { get; init; } = 2_000;

    /// <summary>Tokens of the long history.</summary>
    public int LongContext { get; init; } = 100_000;

    /// <summary>A long history that takes more time to read is made of repeated pages instead.</summary>
    public double MaxReadSeconds { get; init; } = 90;

    /// <summary>Bytes that are read to measure the bandwidth.</summary>
    public int BandwidthBytes { get; init; } = 1 << 30;
}
