using RwkvX.AI.Evaluation.Scoring;
using ScottPlot;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>Loss curves as SVG pictures.</summary>
public static class LossPlot
{
    /// <summary>Loss by position, on a logarithmic axis, with its intervals.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="models">Their names and figures.</param>
    public static void Write(string path, IReadOnlyList<(string Name, IReadOnlyList<PositionLoss> Octaves)> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        using Plot plot = new();
        foreach ((string name, IReadOnlyList<PositionLoss> octaves) in models)
        {
            double[] x = [.. octaves.Select(octave => Math.Log2(Math.Max(octave.To, 2)))], y = [.. octaves.Select(octave => octave.Mean)];
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(x, y);
            line.LegendText = name;
            plot.Add.ErrorBar(x, y, (double[])[.. octaves.Select(octave => double.IsFinite(octave.HalfWidth) ? octave.HalfWidth : 0)]);
        }

        double[] places = [.. models.SelectMany(model => model.Octaves).Select(octave => Math.Log2(Math.Max(octave.To, 2))).Distinct().Order()];
        plot.Axes.Bottom.SetTicks(places, [.. places.Select(place => Math.Pow(2, place) is var n && n >= 1024 ? $"{n / 1024:f0}K" : $"{n:f0}")]);
        plot.XLabel("position");
        plot.YLabel("loss (nats)");
        plot.ShowLegend();
        plot.SaveSvg(path, 640, 420);
    }

    /// <summary>Loss over the tokens trained on, from a run's <c>steps.csv</c>.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="csv">The figures.</param>
    public static void WriteTraining(string path, string csv) => WriteTraining(path, [("", csv)]);

    /// <summary>The same of several runs.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="runs">Their names and figures.</param>
    public static void WriteTraining(string path, IReadOnlyList<(string Name, string Csv)> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        using Plot plot = new();
        foreach ((string name, string csv) in runs)
        {
            TrainingCurve curve = TrainingCurve.Read(csv).Thinned();
            plot.Add.ScatterLine(curve.Tokens, curve.Losses).LegendText = name;
        }

        if (runs.Count > 1) plot.ShowLegend();
        plot.XLabel("million tokens");
        plot.YLabel("loss (nats, weighted)");
        plot.SaveSvg(path, 640, 420);
    }
}
