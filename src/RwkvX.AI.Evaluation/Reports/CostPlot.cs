using ScottPlot;
using SkiaSharp;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>What reading and writing cost, as an SVG picture.</summary>
public static class CostPlot
{
    private const int PanelWidth = 400, Height = 340; // pixels
    private const string Speed = "tokens/s";

    /// <summary>Draws a step at batch 1 by context with its floor, the speed of reading by length of the prompt, and the speed of batches at the shortest context that has any.</summary>
    /// <param name="path">The SVG file.</param>
    /// <param name="files">Files of <c>rwkvx bench --json</c>: a line each.</param>
    /// <exception cref="InvalidDataException">A file holds something else.</exception>
    public static void Write(string path, IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        CostFile[] costs = [.. files.Select(CostFile.Read)];
        using Plot decode = new(), prefill = new(), batched = new();
        foreach (CostFile cost in costs)
        {
            string name = Name(cost, costs);
            Color color = decode.Add.Palette.GetColor(Array.IndexOf(costs, cost));
            (double, double)[] steps = [.. cost.Decode.Where(figure => figure is { Batch: 1, StepSeconds: > 0, Context: > 0 }).Select(figure => ((double)figure.Context, 1e3 * figure.StepSeconds))];
            Line(decode, steps, name, color);
            if (steps.Length > 0)
            {
                ScottPlot.Plottables.HorizontalLine floor = decode.Add.HorizontalLine(1e3 * cost.FloorSeconds, color: color, pattern: LinePattern.Dashed);
                (floor.LegendText, floor.ExcludeFromLegend) = ("its floor", false);
            }

            Line(prefill, [.. cost.Prefill.Select(figure => ((double)figure.Tokens, figure.TokensPerSecond))], name, color);
            if (cost.Decode.Where(figure => figure.Batch > 1).MinBy(figure => figure.Context)?.Context is { } context)
                Line(batched, [.. cost.Decode.Where(figure => figure.Context == context).Select(figure => ((double)figure.Batch, figure.TokensPerSecond))], $"{name} at {Number(context)}", color);
        }

        Label(decode, "a step, batch 1", "tokens of context", "ms");
        Label(prefill, "reading", "tokens of the prompt", Speed);
        Label(batched, "writing, batched", "sequences", Speed);
        Plot[] drawn = [.. new[] { decode, prefill, batched }.Where(plot => Lines(plot).Any())];
        using SKFileWStream stream = new(path);
        using SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, PanelWidth * drawn.Length, Height), stream);
        for (int i = 0; i < drawn.Length; i++)
        {
            drawn[i].RenderManager.ClearCanvasBeforeEachRender = false; // the panels before it are on the same canvas
            drawn[i].Render(canvas, new PixelRect(PanelWidth * i, PanelWidth * (i + 1), Height, 0));
        }
    }

    /// <summary>A shape, with what distinguishes it from others of that shape.</summary>
    private static string Name(CostFile cost, CostFile[] all)
    {
        CostFile[] same = [.. all.Where(other => other.Shape == cost.Shape)];
        string Told(string before, Func<CostFile, string?> part) => same.Select(part).Distinct().Count() > 1 ? $", {before}{part(cost)}" : "";
        return cost.Shape + Told("", file => file.Precision) + Told("states ", file => file.State) + Told("", file => file.Device);
    }

    /// <summary>Points on a base-4 logarithmic axis, in order.</summary>
    private static void Line(Plot plot, (double X, double Y)[] points, string name, Color color)
    {
        if (points.Length == 0) return;
        (double X, double Y)[] sorted = [.. points.OrderBy(point => point.X)];
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter([.. sorted.Select(point => Math.Log(point.X, 4))], (double[])[.. sorted.Select(point => point.Y)], color);
        line.LegendText = name;
    }

    private static IEnumerable<ScottPlot.Plottables.Scatter> Lines(Plot plot) => plot.GetPlottables<ScottPlot.Plottables.Scatter>();

    /// <summary>Labels a panel, whose values start at zero.</summary>
    private static void Label(Plot plot, string title, string x, string y)
    {
        Coordinates[] points = [.. Lines(plot).SelectMany(line => line.Data.GetScatterPoints())];
        if (points.Length == 0) return;
        double first = points.Min(point => point.X), last = points.Max(point => point.X);
        double[] ticks = [.. Enumerable.Range((int)Math.Floor(first), (int)(Math.Ceiling(last) - Math.Floor(first)) + 1).Select(power => (double)power)];
        plot.Axes.Bottom.SetTicks(ticks, [.. ticks.Select(power => Number(Math.Pow(4, power)))]);
        plot.Axes.SetLimits(first - 0.3, last + 0.3, 0, 1.2 * points.Max(point => point.Y));
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        plot.ShowLegend(Alignment.LowerRight);
    }

    private static string Number(double count) => count >= 1 << 20 ? $"{count / (1 << 20):0.#}M" : count >= 1024 ? $"{count / 1024:0.#}K" : $"{count:0}";
}
