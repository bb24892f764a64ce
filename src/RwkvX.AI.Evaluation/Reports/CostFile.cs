using System.Text.Json;
using System.Text.Json.Serialization;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>What a results page takes from the file of <c>rwkvx bench --device cuda --json</c>.</summary>
/// <param name="Device">The card.</param>
/// <param name="Prefill">By length of the prompt.</param>
/// <param name="Decode">By tokens behind the sequence.</param>
internal sealed record CostFile(string Device, IReadOnlyList<CostFile.Reading> Prefill, IReadOnlyList<CostFile.Writing> Decode)
{
    /// <summary>Reading a prompt of so many tokens.</summary>
    public sealed record Reading(int Tokens, double TokensPerSecond);

    /// <summary>A step after so many tokens; its time on the device.</summary>
    public sealed record Writing(int Context, int Batch, double StepSeconds);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static CostFile Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CostJson.Default.CostFile) is { Prefill: not null, Decode: not null } file ? file
                : throw new InvalidDataException($"{path}: expected the figures of a benchmark, found something else");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: expected the figures of a benchmark: {e.Message}", e);
        }
    }
}

/// <summary>The file's form.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CostFile))]
internal sealed partial class CostJson : JsonSerializerContext;
