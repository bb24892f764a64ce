using System.Numerics;

namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>Losses of one and the same text with ever more of what goes before it: octave by octave, so that no octave has easier text than another.</summary>
/// <param name="likelihood">The model.</param>
/// <param name="texts">Tokens of each text; what lies before half of the length is only read, never scored.</param>
/// <param name="length">The end of the last octave; a power of two, at least 128.</param>
/// <remarks>For the octave from n, reading begins n tokens before each place n, 2n, 3n, … behind the start of the scored text, and goes on for n tokens.</remarks>
public sealed class PositionReading(LogLikelihood likelihood, IReadOnlyList<int[]> texts, int length)
{
    private readonly int[][] _texts = BitOperations.IsPow2(length) && length >= 2 * PositionLoss.Block
        ? [.. texts.Where(text => text.Length >= (length / 2) + PositionLoss.Block)]
        : throw new ArgumentException($"expected a power of two from {2 * PositionLoss.Block}, found {length}", nameof(length));

    /// <summary>Texts that are long enough.</summary>
    public int TextCount => _texts.Length;

    /// <summary>Tokens that are scored in each octave.</summary>
    public IEnumerable<int> Scored => _texts.SelectMany(text => text.Skip(length / 2));

    /// <summary>Octaves from the shortest on, as they come.</summary>
    public IEnumerable<PositionLoss> Read(CancellationToken cancellationToken = default)
    {
        IReadOnlyList<double[]>? before = null;
        for (int from = PositionLoss.Block; from < length && TextCount > 0; from *= 2)
        {
            double[][] losses = [.. _texts.Select(text => Losses(text, from, cancellationToken))];
            yield return PositionLoss.Of(from, losses, before);
            before = losses;
        }
    }

    private double[] Losses(int[] text, int from, CancellationToken cancellationToken)
    {
        List<double> losses = [];
        for (int place = length / 2; place < text.Length; place += from)
            losses.AddRange(likelihood.Losses([0, .. text.AsSpan((place - from)..Math.Min(place + from, text.Length))], from, cancellationToken));
        return [.. losses];
    }
}
