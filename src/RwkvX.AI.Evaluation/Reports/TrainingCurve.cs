using System.Globalization;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>A run's <c>steps.csv</c>.</summary>
/// <param name="Tokens">Million tokens after each step that was not skipped.</param>
/// <param name="Losses">Its loss.</param>
/// <param name="MedianSpeed">Tokens a second.</param>
internal sealed record TrainingCurve(double[] Tokens, double[] Losses, double MedianSpeed)
{
    private const int Points = 300; // of a picture

    /// <summary>Steps that were not skipped.</summary>
    public int Steps => Tokens.Length;

    /// <summary>Reads the file.</summary>
    public static TrainingCurve Read(string csv)
    {
        static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        string[][] rows = [.. File.ReadLines(csv).Skip(1).Select(line => line.Split(',')).Where(row => row.Length >= 8 && row[7] == "0")];
        if (rows.Length == 0) throw new InvalidDataException($"{csv}: expected the figures of steps, found none");
        double[] speeds = [.. rows.Select(row => Parse(row[6])).Order()];
        return new TrainingCurve([.. rows.Select(row => Parse(row[2]) / 1e6)], [.. rows.Select(row => Parse(row[3]))], speeds[speeds.Length / 2]);
    }

    /// <summary>Means of neighbours, few enough for a picture.</summary>
    public TrainingCurve Thinned()
    {
        int run = (Steps + Points - 1) / Points;
        double[] Means(double[] values) => [.. values.Chunk(run).Select(part => part.Average())];
        return this with { Tokens = Means(Tokens), Losses = Means(Losses) };
    }
}
