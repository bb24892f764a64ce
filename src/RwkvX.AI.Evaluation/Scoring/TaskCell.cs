namespace RwkvX.AI.Evaluation.Scoring;

/// <summary>How many of the questions of one kind, length and depth were answered right.</summary>
/// <param name="Task">The kind.</param>
/// <param name="Tokens">The length that was asked for.</param>
/// <param name="Depth">Where the fact is, 0 to 1; null where that is not known.</param>
/// <param name="Right">Right answers.</param>
/// <param name="Count">Questions.</param>
public sealed record TaskCell(string Task, int Tokens, double? Depth, int Right, int Count)
{
    private const double Normal95 = 1.959964;

    /// <summary>Share of right answers.</summary>
    public double Share => (double)Right / Count;

    /// <summary>Lower end of Wilson's 95% interval.</summary>
    public double Low => Math.Max(0, Centre - HalfWidth);

    /// <summary>Upper end of Wilson's 95% interval.</summary>
    public double High => Math.Min(1, Centre + HalfWidth);

    private double Shrink => 1 + (Normal95 * Normal95 / Count);

    private double Centre => (Share + (Normal95 * Normal95 / (2 * Count))) / Shrink;

    private double HalfWidth => Normal95 * Math.Sqrt((Share * (1 - Share) / Count) + (Normal95 * Normal95 / (4.0 * Count * Count))) / Shrink;

    /// <summary>Counts samples that were asked for at one length.</summary>
    public static IReadOnlyList<TaskCell> Of(IEnumerable<TaskSample> samples, int tokens) =>
    [
        .. samples.GroupBy(sample => (sample.Task, sample.Depth)).OrderBy(group => group.Key.Task, StringComparer.Ordinal).ThenBy(group => group.Key.Depth)
            .Select(group => new TaskCell(group.Key.Task, tokens, group.Key.Depth, group.Count(sample => sample.IsRight), group.Count())),
    ];

    /// <summary>Several cells as one.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static TaskCell Sum(IReadOnlyList<TaskCell> cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        if (cells.Count == 0) throw new ArgumentException("expected at least one cell, found none", nameof(cells));
        return new TaskCell(cells[0].Task, cells.Max(cell => cell.Tokens), null, cells.Sum(cell => cell.Right), cells.Sum(cell => cell.Count));
    }
}
