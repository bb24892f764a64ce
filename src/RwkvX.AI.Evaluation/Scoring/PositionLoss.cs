namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Mean loss over an octave of positions.</summary>
/// <param name="From">First position.</param>
/// <param name="To">One behind the last.</param>
/// <param name="Mean">−ln p of a token, in nats.</param>
/// <param name="HalfWidth">Half of the 95% interval of the mean, from the spread of blocks of 64 tokens, which are nearly independent; single tokens are not.</param>
/// <param name="Count">Tokens.</param>
public sealed record PositionLoss(int From, int To, double Mean, double HalfWidth, long Count)
{
    private const int Block = 64;
    private const double Normal95 = 1.96;

    /// <summary>Gathers losses by position: below 64, then octave by octave.</summary>
    /// <param name="documents">Losses of each document from its first position on.</param>
    public static IReadOnlyList<PositionLoss> ByOctave(IReadOnlyList<double[]> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        List<PositionLoss> octaves = [];
        int longest = documents.Max(losses => losses.Length);
        for (int from = 0, to = Block; from < longest; from = to, to *= 2)
        {
            double[] blocks = [.. documents.SelectMany(losses => Blocks(losses, from, Math.Min(to, losses.Length)))];
            long count = documents.Sum(losses => (long)Math.Max(0, Math.Min(to, losses.Length) - from));
            double mean = blocks.Average();
            double variance = blocks.Length > 1 ? blocks.Sum(block => (block - mean) * (block - mean)) / (blocks.Length - 1) : double.NaN;
            octaves.Add(new PositionLoss(from, Math.Min(to, longest), mean, Normal95 * Math.Sqrt(variance / blocks.Length), count));
        }

        return octaves;
    }

    private static IEnumerable<double> Blocks(double[] losses, int from, int to)
    {
        for (int start = from; start < to; start += Block)
            yield return losses.AsSpan(start, Math.Min(Block, to - start)).ToArray().Average();
    }
}
