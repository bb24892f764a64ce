using System.Globalization;
using RwkvX.AI.Evaluation.Scoring;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>What the embedded model is to reach, beside what it and the models it is compared with reached.</summary>
/// <param name="models">The embedded model first.</param>
internal sealed class ResultBars(IReadOnlyList<ModelResults> models)
{
    private static readonly string[] Needles = ["needle-1", "needle-2", "needle-3", "multi-key", "multi-value"];

    /// <summary>Rows of a table: what, bar, then a figure of each model, then the verdict.</summary>
    public IEnumerable<string[]> Rows()
    {
        yield return Counted($"passkey, {Lengths(length => length <= 65_536)} × 10 depths", 0.99, model => model.Passkey(length => length <= 65_536));
        yield return Counted($"passkey, {Lengths(length => length > 65_536)}", 0.95, model => model.Passkey(length => length > 65_536));
        foreach (string task in Needles) yield return Counted($"{task}, {Length(task)}", 0.95, model => model.Total(task));
        yield return Counted($"facts told in a chat, asked {Length("later")} later", 0.95, model => model.Total("later"));
        yield return Counted($"four facts at once, {Length("four")}", 0.90, model => model.Total("four"));
        yield return Counted($"says of what was never told that it does not know, {Length("unknown")}", 0.90, model => model.Total("unknown"));
        yield return Counted($"minutes of {Length("decisions")}: all decisions, in order, nothing else", 0.90, model => model.Total("decisions"));
        yield return Falls();
        yield return NoRise();
        if (models.Count < 2) yield break;
        yield return Ratio("cloze accuracy over plain RWKV-7's", model => model["cloze"]?.Cloze?.Accuracy, higherIsBetter: true);
        yield return Ratio("loss on held-out text below 1,024 tokens over plain RWKV-7's", model => model.ShortLoss, higherIsBetter: false);
    }

    /// <summary>Right of asked, with the interval.</summary>
    public static string Text(TaskCell? cell) => cell is null ? "not measured"
        : string.Create(CultureInfo.InvariantCulture, $"{100 * cell.Share:0.#}% ({cell.Right}/{cell.Count}; {100 * cell.Low:0.#} to {100 * cell.High:0.#})");

    /// <summary>The change from the octave before, with its interval; null where there is none.</summary>
    public static string? Change(PositionLoss? octave) => octave is { Change: { } change, ChangeHalfWidth: { } room }
        ? string.Create(CultureInfo.InvariantCulture, $"{change:+0.0000;-0.0000;0.0000} ± {room:0.0000}") : null;

    /// <summary>A length as people say it.</summary>
    public static string Tokens(int tokens) => tokens >= 1024 && tokens % 1024 == 0 ? $"{tokens / 1024}K" : tokens.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Octaves up to a position whose mean is not below that of the octave before.</summary>
    internal static IReadOnlyList<PositionLoss> Rises(IReadOnlyList<PositionLoss> octaves, int upTo) => [.. octaves.Where(octave => octave.To <= upTo && octave.Change >= 0)];

    private string Length(string file) => models.Select(model => model.Total(file)).OfType<TaskCell>().FirstOrDefault() is { } cell ? Tokens(cell.Tokens) : "?";

    private string Lengths(Func<int, bool> wanted)
    {
        int[] all = [.. models[0].Passkeys.Select(cell => cell.Tokens).Where(wanted).Distinct().Order()];
        return all.Length == 0 ? "?" : all.Length == 1 ? Tokens(all[0]) : $"{Tokens(all[0])} to {Tokens(all[^1])}";
    }

    private string[] Counted(string what, double bar, Func<ModelResults, TaskCell?> cell)
    {
        TaskCell? own = cell(models[0]);
        return [what, $"≥ {100 * bar:0}%", .. models.Select(model => Text(cell(model))), own is null ? "" : Verdict(own.Share >= bar)];
    }

    private string[] Falls()
    {
        string Told(ModelResults model) => model["novels"]?.Positions is not { } octaves ? "not measured"
            : Rises(octaves, 32_768) is { Count: > 0 } rises ? $"not at {string.Join(", ", rises.Select(octave => Tokens(octave.To)))}"
            : Reaches(octaves) ? "at every octave" : $"at every octave up to {Tokens(octaves[^1].To)}, further not measured";
        bool? met = models[0]["novels"]?.Positions is not { } own ? null : Rises(own, 32_768).Count > 0 ? false : Reaches(own) ? true : null;
        return ["loss on held-out novels falls up to 32K", "at every octave", .. models.Select(Told), met is { } verdict ? Verdict(verdict) : ""];

        static bool Reaches(IReadOnlyList<PositionLoss> octaves) => octaves[^1].To >= 32_768;
    }

    private string[] NoRise()
    {
        PositionLoss? Last(ModelResults model) => model["novels"]?.Positions?.FirstOrDefault(octave => octave.To == 65_536);
        // Both octaves score the same text, so their change is known better than their means.
        string Told(ModelResults model) => Last(model) is { } last && Change(last) is { } change
            ? string.Create(CultureInfo.InvariantCulture, $"{change} nats, of means known to ± {last.HalfWidth:0.0000}") : "not measured";
        return ["and its mean does not rise from there to 64K outside its interval", "≤ interval of the mean", .. models.Select(Told), Last(models[0]) is { } own ? Verdict(own.Change <= own.HalfWidth) : ""];
    }

    private string[] Ratio(string what, Func<ModelResults, double?> value, bool higherIsBetter)
    {
        double? plain = models.Skip(1).FirstOrDefault(model => model.Name.Contains("plain", StringComparison.Ordinal)) is { } found ? value(found) : null;
        string Told(ModelResults model) => value(model) is not { } one ? "not measured"
            : string.Create(CultureInfo.InvariantCulture, $"{one:0.0000}{(plain is { } p ? $", {one / p:0.000} ×" : "")}");
        bool? met = value(models[0]) is { } own && plain is { } other ? (higherIsBetter ? own / other >= 0.98 : own / other <= 1.02) : null;
        return [what, higherIsBetter ? "≥ 0.98 ×" : "≤ 1.02 ×", .. models.Select(Told), met is { } verdict ? Verdict(verdict) : ""];
    }

    private static string Verdict(bool met) => met ? "met" : "**missed**";
}
