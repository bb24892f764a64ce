namespace RwkvX.AI.Training.Losses;

/// <summary>How LongCE compares a long context with a short one.</summary>
/// <param name="TruncatedLength">Tokens of context that the short run has before the tokens it weights.</param>
/// <param name="Interval">Tokens weighted by each short run.</param>
/// <param name="Threshold">The largest weight.</param>
public sealed record LongCrossEntropyOptions(int TruncatedLength, int Interval, double Threshold)
{
    /// <summary>Reads <c>TRUNC,INTERVAL,THRESHOLD</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static LongCrossEntropyOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(',');
        bool read = parts.Length == 3
            & int.TryParse(parts[0], out int truncated)
            & int.TryParse(parts.ElementAtOrDefault(1), out int interval)
            & double.TryParse(parts.ElementAtOrDefault(2), System.Globalization.CultureInfo.InvariantCulture, out double threshold);
        if (!read || truncated < 1 || interval < 1 || !(threshold > 0) || !double.IsFinite(threshold))
            throw new FormatException($"expected TRUNC,INTERVAL,THRESHOLD such as 4096,1024,5, found {text}");
        return new LongCrossEntropyOptions(truncated, interval, threshold);
    }
}
