using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RwkvX.AI.Cli;

/// <summary>What <c>rwkvx bench</c> measured; rates in bytes and tokens a second.</summary>
internal sealed record BenchFigures
{
    /// <summary>The model's name, or <c>random weights</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Its shape, <c>LxC+M</c>.</summary>
    public required string Shape { get; init; }

    /// <summary>Instruction set, threads, architecture.</summary>
    public required string Machine { get; init; }

    /// <summary>Median read bandwidth, measured between the decoding runs.</summary>
    public required double ReadBandwidth { get; init; }

    /// <summary>Best read bandwidth of a round.</summary>
    public required double BestReadBandwidth { get; init; }

    /// <summary>Threads that read.</summary>
    public required int ReadThreads { get; init; }

    /// <summary>Tokens of the prefill.</summary>
    public required int PrefillTokens { get; init; }

    /// <summary>Figures by form of the weights.</summary>
    public required IReadOnlyList<BenchPrecision> Precisions { get; init; }

    /// <summary>Decoding after histories of several lengths; empty for a model without sparse attention.</summary>
    public required IReadOnlyList<BenchContext> Contexts { get; init; }

    /// <summary>Whether the longest history was really read, or made of repeated pages because reading it would take minutes.</summary>
    public required bool ContextWasRead { get; init; }

    /// <summary>Decoding time at the longest history over that at the shortest; null without contexts.</summary>
    public double? ContextRatio => Contexts.Count < 2 ? null : Contexts[^1].DecodeMilliseconds / Contexts[0].DecodeMilliseconds;

    /// <summary>Decoding speed in int8 over that in 16 bit; null where only one was measured.</summary>
    public double? Int8Ratio => Precisions.Count < 2 ? null : Precisions[1].DecodeTokensPerSecond / Precisions[0].DecodeTokensPerSecond;

    /// <summary>The figures as indented JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, BenchJson.Readable.BenchFigures);
}

/// <summary>Figures of one form of the weights.</summary>
/// <param name="Precision"><c>16 bit</c>, <c>int8</c> or <c>32 bit</c>.</param>
/// <param name="PrefillTokensPerSecond">Best of several runs.</param>
/// <param name="DecodeTokensPerSecond">Median of several runs.</param>
/// <param name="BestDecodeTokensPerSecond">Best of these runs.</param>
/// <param name="WeightBytes">Bytes of weights that a decoding step reads.</param>
/// <param name="AchievedBandwidth">Weight bytes times median decoding speed.</param>
/// <param name="RatioToFloor">Achieved over median read bandwidth: 1 is the floor that memory sets.</param>
internal sealed record BenchPrecision(
    string Precision,
    double PrefillTokensPerSecond,
    double DecodeTokensPerSecond,
    double BestDecodeTokensPerSecond,
    long WeightBytes,
    double AchievedBandwidth,
    double RatioToFloor);

/// <summary>Decoding after a history.</summary>
/// <param name="Tokens">The history's length.</param>
/// <param name="DecodeMilliseconds">Time of a step in the best round.</param>
internal sealed record BenchContext(int Tokens, double DecodeMilliseconds);

/// <summary>How the figures are written.</summary>
[JsonSerializable(typeof(BenchFigures))]
internal sealed partial class BenchJson : JsonSerializerContext
{
    /// <summary>For people too: '+' and its like stay as they are, since the file is not for web pages.</summary>
    public static BenchJson Readable => new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
