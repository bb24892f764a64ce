namespace RwkvX.AI.Generation.Scheduling;

/// <summary>How long a sequence may keep the engine from the others. In a pass that several share, the strictest holds.</summary>
internal sealed record PassLimits
{
    /// <summary>Tokens of a prompt in one pass where nothing else is said: enough for matrix-matrix products, short enough to share the engine.</summary>
    public const int DefaultPrefillSpan = 256;

    /// <summary>How long prompts hold up running streams where nothing else is said.</summary>
    public static readonly TimeSpan DefaultMaxStall = TimeSpan.FromMilliseconds(50);

    /// <summary>What holds where nothing else is said.</summary>
    public static PassLimits Default { get; } = new();

    /// <summary>Tokens of a prompt in one pass at most.</summary>
    public int PrefillSpan { get; init; } = DefaultPrefillSpan;

    /// <summary>
    /// How long a pass may take that holds up a running stream: prompts get shorter spans then. Where the streams' own steps need more than
    /// two thirds of it, prompts still get half as long as those take.
    /// </summary>
    public TimeSpan MaxStall { get; init; } = DefaultMaxStall;
}
