using System.Text.Json;
using System.Text.Json.Serialization;
using RwkvX.AI.Evaluation.Scoring;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>What one run of a verb of <c>rwkvx eval</c> found, as a file.</summary>
public sealed record EvaluationFile
{
    /// <summary>The verb: passkey, needle, facts, unknown, decisions, perplexity, cloze, choice.</summary>
    public required string Verb { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What calculated, and in what precision.</summary>
    public required string Engine { get; init; }

    /// <summary>Wall time without loading the model.</summary>
    public double Seconds { get; init; }

    /// <summary>Whether all that was asked for is here; false in a file that a run left when it was stopped.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Questions right and asked, by kind, length and depth.</summary>
    public IReadOnlyList<TaskCell>? Cells { get; init; }

    /// <summary>Loss by position.</summary>
    public IReadOnlyList<PositionLoss>? Positions { get; init; }

    /// <summary>Mean −ln p over all of a text, in nats a token.</summary>
    public double? Loss { get; init; }

    /// <summary>Bits a byte of the text.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary>Of cloze questions.</summary>
    public ClozeScore? Cloze { get; init; }

    /// <summary>Of multiple choice.</summary>
    public ChoiceScore? Choice { get; init; }

    /// <summary>The first wrong answers, to look at.</summary>
    public IReadOnlyList<TaskSample>? Wrong { get; init; }

    /// <summary>Writes the file, whole or not at all.</summary>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string draft = path + ".part";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(this, EvaluationJson.Default.EvaluationFile));
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static EvaluationFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), EvaluationJson.Default.EvaluationFile)
                ?? throw new InvalidDataException($"{path}: expected the figures of an evaluation, found null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: expected the figures of an evaluation: {e.Message}", e);
        }
    }
}

/// <summary>The file's form.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(EvaluationFile))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
