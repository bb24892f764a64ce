using RwkvX.AI.Evaluation.Scoring;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>All that is known of one model: a folder with the files of <c>eng/evaluate-model.sh</c> and, where it was trained here, <c>steps.csv</c>.</summary>
public sealed class ModelResults
{
    private static readonly string[] Texts = ["novels", "speeches"];

    private readonly Dictionary<string, EvaluationFile> _files = [];
    private readonly string _folder;

    private ModelResults(string folder) => _folder = folder;

    /// <summary>The model's name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Names of the files that a stopped run left.</summary>
    public IEnumerable<string> Incomplete => _files.Where(pair => !pair.Value.IsComplete).Select(pair => pair.Key).Order();

    /// <summary>Engines that the figures come from.</summary>
    public IEnumerable<string> Engines => _files.Values.Select(file => file.Engine).Distinct();

    /// <summary>The figures of each training step; null where there are none.</summary>
    public string? Steps => Path.Combine(_folder, "steps.csv") is var path && File.Exists(path) ? path : null;

    /// <summary>Passkeys of all lengths.</summary>
    public IReadOnlyList<TaskCell> Passkeys => [.. Cells("passkey"), .. Cells("passkey-far")];

    internal CostFile? Cost { get; private set; }

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InvalidDataException">A file is something else, or there is none.</exception>
    public static ModelResults Read(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ModelResults results = new(folder);
        string[] paths = Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.json").Order()] : [];
        foreach (string path in paths)
        {
            string name = Path.GetFileNameWithoutExtension(path);
            if (name == "bench") results.Cost = CostFile.Read(path);
            else results._files[name] = EvaluationFile.Read(path);
        }

        if (results._files.Count == 0) throw new InvalidDataException($"{folder}: expected the files of eng/evaluate-model.sh, found none");
        results.Name = results._files.Values.First().Model;
        return results;
    }

    /// <summary>A file by its name; null where it was not measured.</summary>
    public EvaluationFile? this[string name] => _files.GetValueOrDefault(name);

    /// <summary>All questions of a file as one; null where they were not asked.</summary>
    public TaskCell? Total(string name) => Cells(name) is { Count: > 0 } cells ? TaskCell.Sum(cells) : null;

    /// <summary>Counted answers of a file.</summary>
    public IReadOnlyList<TaskCell> Cells(string name) => this[name]?.Cells ?? [];

    /// <summary>Passkeys of some lengths as one; null where they were not asked.</summary>
    public TaskCell? Passkey(Func<int, bool> lengths) =>
        Passkeys.Where(cell => lengths(cell.Tokens)).ToArray() is { Length: > 0 } cells ? TaskCell.Sum(cells) : null;

    /// <summary>Mean loss over the positions below 1,024 of the held-out speeches and novels; null where not measured.</summary>
    public double? ShortLoss
    {
        get
        {
            PositionLoss[] octaves = [.. Texts.SelectMany(name => this[name]?.Positions ?? []).Where(octave => octave.To <= 1024)];
            return octaves.Length == 0 ? null : octaves.Sum(octave => octave.Mean * octave.Count) / octaves.Sum(octave => octave.Count);
        }
    }
}
