using System.Text.Json;
using System.Text.Json.Serialization;
using RwkvX.AI.Training.Benchmarks;

namespace RwkvX.AI.Cli;

/// <summary>How the figures of <c>rwkvx train bench</c> are written.</summary>
[JsonSerializable(typeof(StepBenchFigures))]
internal sealed partial class TrainBenchJson : JsonSerializerContext
{
    /// <summary>The figures as indented JSON.</summary>
    public static byte[] Bytes(StepBenchFigures figures) => JsonSerializer.SerializeToUtf8Bytes(
        figures, new TrainBenchJson(new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }).StepBenchFigures);
}
