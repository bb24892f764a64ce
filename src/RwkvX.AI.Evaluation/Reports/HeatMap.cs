using RwkvX.AI.Evaluation.Scoring;
using ScottPlot;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>Accuracy by length and depth as an SVG picture.</summary>
public static class HeatMap
{
    /// <summary>Draws samples that have a depth.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="title">Above the picture.</param>
    /// <param name="samples">What was measured.</param>
    /// <param name="lengths">The lengths that were asked for, in their order; a sample belongs to the one nearest to its own.</param>
    public static void Write(string path, string title, IReadOnlyList<TaskSample> samples, IReadOnlyList<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(lengths);
        double[] depths = [.. samples.Select(sample => sample.Depth ?? 0).Distinct().Order()];
        double[,] accuracy = new double[depths.Length, lengths.Count];
        for (int row = 0; row < depths.Length; row++)
        {
            for (int column = 0; column < lengths.Count; column++)
            {
                TaskSample[] cell = [.. samples.Where(sample => sample.Depth == depths[row] && Nearest(lengths, sample.Tokens) == column)];
                accuracy[row, column] = cell.Length == 0 ? double.NaN : cell.Average(sample => sample.IsRight ? 1.0 : 0.0);
            }
        }

        using Plot plot = new();
        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(accuracy);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(0, 1);
        plot.Add.ColorBar(map);
        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, lengths.Count).Select(i => (double)i)], [.. lengths.Select(length => $"{length / 1000.0:g3}K")]);
        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, depths.Length).Select(i => (double)(depths.Length - 1 - i))], [.. depths.Select(depth => $"{100 * depth:f0}%")]);
        plot.Title(title);
        plot.XLabel("tokens");
        plot.YLabel("depth");
        plot.SaveSvg(path, 640, 420);
    }

    private static int Nearest(IReadOnlyList<int> lengths, int tokens) =>
        Enumerable.Range(0, lengths.Count).MinBy(i => Math.Abs(lengths[i] - tokens));
}
