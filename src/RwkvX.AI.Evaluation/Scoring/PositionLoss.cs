namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Mean loss over an octave of positions.</summary>
/// <param name="From">Tokens read before, at least.</param>
/// <param name="To">One more than at most.</param>
/// <param name="Mean">−ln p of a token, in nats.</param>
/// <param name="HalfWidth">Half of the 95% interval of the mean, from the spread of blocks of 64 tokens, which are nearly independent; single tokens are not.</param>
/// <param name="Count">Tokens.</param>
public sealed record PositionLoss(int From, int To, double Mean, double HalfWidth, long Count)
{
    internal const int Block = 64;
    private const double Normal95 = 1.96;

    /// <summary>The mean less that of the octave before, over the same text.</summary>
    public double? Change { get; init; }

    /// <summary>Half of the 95% interval of <see cref="Change"/>, from the differences of the same blocks.</summary>
    public double? ChangeHalfWidth { get; init; }

    /// <summary>An octave.</summary>
    /// <param name="from">Its first position.</param>
    /// <param name="losses">Of all tokens of each text.</param>
    /// <param name="before">Of the same tokens, in the octave before; null for the first.</param>
    public static PositionLoss Of(int from, IReadOnlyList<double[]> losses, IReadOnlyList<double[]>? before)
    {
        ArgumentNullException.ThrowIfNull(losses);
        double[] blocks = Blocks(losses);
        PositionLoss octave = new(from, 2 * from, losses.SelectMany(text => text).Average(), HalfOf(blocks), losses.Sum(text => (long)text.Length));
        if (before is null) return octave;
        return octave with { Change = octave.Mean - before.SelectMany(text => text).Average(), ChangeHalfWidth = HalfOf([.. blocks.Zip(Blocks(before), (now, then) => now - then)]) };
    }

    private static double[] Blocks(IReadOnlyList<double[]> losses) => [.. losses.SelectMany(text => text.Chunk(Block)).Select(block => block.Average())];

    private static double HalfOf(double[] blocks)
    {
        double mean = blocks.Average(), squares = blocks.Sum(block => (block - mean) * (block - mean));
        return Normal95 * Math.Sqrt(squares / Math.Max(1, blocks.Length - 1) / blocks.Length);
    }
}
