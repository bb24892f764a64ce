using System.Text.Json;
using System.Text.Json.Serialization;

namespace RwkvX.AI.Evaluation.Reports;

/// <summary>What pages and plots take from a file of <c>rwkvx bench --json</c>.</summary>
/// <param name="Device">The card, or the processor's instruction set.</param>
/// <param name="Shape">The model's, <c>LxC+M</c>.</param>
/// <param name="FloorSeconds">Every weight read once at the bandwidth measured in the same run.</param>
/// <param name="Prefill">By length of the prompt.</param>
/// <param name="Decode">By tokens behind each sequence, and sequences.</param>
internal sealed record CostFile(string Device, string Shape, double FloorSeconds, IReadOnlyList<CostFile.Reading> Prefill, IReadOnlyList<CostFile.Writing> Decode)
{
    /// <summary>The form of the weights, such as BF16; null where the file does not say.</summary>
    public string? Precision { get; init; }

    /// <summary>The form of recurrent states; null where the file does not say.</summary>
    public string? State { get; init; }

    /// <summary>Reading a prompt of so many tokens.</summary>
    public sealed record Reading(int Tokens, double TokensPerSecond);

    /// <summary>A step after so many tokens; its time on the device (0 for large batches), and what whole calls gave together.</summary>
    public sealed record Writing(int Context, int Batch, double StepSeconds, double TokensPerSecond);

    /// <summary>Reads a file, of a card or of a processor.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static CostFile Read(string path)
    {
        try
        {
            byte[] json = File.ReadAllBytes(path);
            CostFile? file = JsonSerializer.Deserialize(json, CostJson.Default.ProcessorCost) is { Precisions: not null } processor ? processor.ToCost() : JsonSerializer.Deserialize(json, CostJson.Default.CostFile);
            return file is { Shape: not null, Prefill: not null, Decode: not null } ? file
                : throw new InvalidDataException($"{path}: expected the figures of rwkvx bench --json, found something else");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: expected the figures of rwkvx bench --json: {e.Message}", e);
        }
    }
}

/// <summary>The file's form on a processor, which measures one prompt and a short and a long history.</summary>
internal sealed record ProcessorCost(
    string Machine, string Shape, double ReadBandwidth, int PrefillTokens, IReadOnlyList<ProcessorCost.Weights>? Precisions, IReadOnlyList<ProcessorCost.History>? Contexts)
{
    /// <summary>A form of the weights.</summary>
    public sealed record Weights(double PrefillTokensPerSecond, long WeightBytes);

    /// <summary>Decoding after so many tokens, with the first form of the weights.</summary>
    public sealed record History(int Tokens, double DecodeMilliseconds);

    /// <summary>What the first form of the weights costs.</summary>
    public CostFile ToCost() => Precisions is not [{ } weights, ..] || Contexts is null
        ? throw new JsonException("expected precisions and contexts, found neither or one")
        : new(Machine, Shape, weights.WeightBytes / ReadBandwidth, [new(PrefillTokens, weights.PrefillTokensPerSecond)],
            [.. Contexts.Select(history => new CostFile.Writing(history.Tokens, 1, history.DecodeMilliseconds / 1000, 1000 / history.DecodeMilliseconds))]);
}

/// <summary>The files' forms.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CostFile))]
[JsonSerializable(typeof(ProcessorCost))]
internal sealed partial class CostJson : JsonSerializerContext;
