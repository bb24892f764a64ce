using RwkvX.AI.Evaluation.Scoring;
using ScottPlot;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>Accuracy by length and depth as an SVG picture.</summary>
public static class HeatMap
{
    /// <summary>Draws cells that have a depth.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="title">Above the picture.</param>
    /// <param name="cells">What was measured.</param>
    public static void Write(string path, string title, IReadOnlyList<TaskCell> cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        int[] lengths = [.. cells.Select(cell => cell.Tokens).Distinct().Order()];
        double[] depths = [.. cells.Select(cell => cell.Depth ?? 0).Distinct().Order()];
        double[,] accuracy = new double[depths.Length, lengths.Length];
        for (int row = 0; row < depths.Length; row++)
        {
            for (int column = 0; column < lengths.Length; column++)
            {
                TaskCell[] here = [.. cells.Where(cell => (cell.Depth ?? 0) == depths[row] && cell.Tokens == lengths[column])];
                accuracy[row, column] = here.Length == 0 ? double.NaN : TaskCell.Sum(here).Share;
            }
        }

        using Plot plot = new();
        ScottPlot.Plottables.Heatmap map = plot.Add.Heatmap(accuracy);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(0, 1);
        plot.Add.ColorBar(map);
        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, lengths.Length).Select(i => (double)i)], [.. lengths.Select(length => length % 1024 == 0 ? $"{length / 1024}K" : $"{length / 1000.0:g3}K")]);
        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, depths.Length).Select(i => (double)(depths.Length - 1 - i))], [.. depths.Select(depth => $"{100 * depth:f0}%")]);
        plot.Title(title);
        plot.XLabel("tokens");
        plot.YLabel("depth");
        plot.SaveSvg(path, 640, 420);
    }
}
