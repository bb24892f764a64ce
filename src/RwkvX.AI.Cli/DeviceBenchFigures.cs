using System.Text.Json;
using System.Text.Json.Serialization;

namespace RwkvX.AI.Cli;

/// <summary>What <c>rwkvx bench</c> measured on a GPU; seconds, bytes, and tokens and operations a second.</summary>
internal sealed record DeviceBenchFigures
{
    /// <summary>The model's name, or <c>random weights</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Its shape, <c>LxC+M</c>.</summary>
    public required string Shape { get; init; }

    /// <summary>The form of the weights.</summary>
    public required string Precision { get; init; }

    /// <summary>The form of the matrices of states.</summary>
    public string State { get; init; } = "F32";

    /// <summary>The card.</summary>
    public required string Device { get; init; }

    /// <summary>Parts of the start, in order.</summary>
    public required IReadOnlyList<DeviceBenchStart> Startup { get; init; }

    /// <summary>Bytes read plus written a second by a large copy.</summary>
    public required double CopyBandwidth { get; init; }

    /// <summary>Bytes of weights that a step reads.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Those bytes over the copy bandwidth.</summary>
    public required double FloorSeconds { get; init; }

    /// <summary>By length of the prompt.</summary>
    public List<DeviceBenchPrefill> Prefill { get; } = [];

    /// <summary>By context and batch.</summary>
    public List<DeviceBenchDecode> Decode { get; } = [];

    /// <summary>What does not fit: context, batch, bytes needed.</summary>
    public List<DeviceBenchSkipped> Skipped { get; } = [];

    /// <summary>The most device memory that was in use, other programs' included.</summary>
    public long PeakBytes { get; set; }

    /// <summary>What of that is neither weights nor pages of the tokens that there were.</summary>
    public long PeakBytesBeyond { get; set; }

    /// <summary>What made up the most.</summary>
    public IReadOnlyList<DeviceBenchMemory> PeakMemory { get; set; } = [];

    /// <summary>The figures as indented JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DeviceBenchJson.Readable.DeviceBenchFigures);
}

/// <summary>A part of the start.</summary>
/// <param name="Part">Which.</param>
/// <param name="Seconds">How long.</param>
internal sealed record DeviceBenchStart(string Part, double Seconds);

/// <summary>Reading a prompt.</summary>
/// <param name="Tokens">Its length.</param>
/// <param name="Seconds">To the token after it.</param>
/// <param name="TokensPerSecond">Tokens over seconds.</param>
/// <param name="ProductFlops">Operations a second of the products with weights alone.</param>
/// <param name="SteadySeconds">The same once the device has read prompts of this length for seconds: clocks fall under load.</param>
/// <param name="FirstPassSeconds">What the first pass of that took.</param>
/// <param name="LastPassSeconds">And its last, with all the other tokens behind it.</param>
internal sealed record DeviceBenchPrefill(
    int Tokens, double Seconds, double TokensPerSecond, double ProductFlops, double SteadySeconds, double FirstPassSeconds, double LastPassSeconds);

/// <summary>Decoding.</summary>
/// <param name="Context">Tokens behind each sequence.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="StepSeconds">Median on the device, without the choice of tokens; 0 where a batch goes through matrix products.</param>
/// <param name="CallSeconds">Median of whole calls, greedy choice included.</param>
/// <param name="SampledSeconds">Median of whole calls with top-p sampling.</param>
/// <param name="TokensPerSecond">Batch over <paramref name="CallSeconds"/>.</param>
/// <param name="AchievedBandwidth">Bytes of weights a second.</param>
/// <param name="TimesFloor">The step (or else the call) over the floor.</param>
internal sealed record DeviceBenchDecode(
    int Context, int Batch, double StepSeconds, double CallSeconds, double SampledSeconds, double TokensPerSecond, double AchievedBandwidth, double TimesFloor);

/// <summary>A part of the device memory in use.</summary>
/// <param name="What">What it is for.</param>
/// <param name="Bytes">How much.</param>
internal sealed record DeviceBenchMemory(string What, long Bytes);

/// <summary>What was not measured.</summary>
/// <param name="Context">Tokens behind each sequence.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Bytes">Of pages and recurrent states that it needs.</param>
internal sealed record DeviceBenchSkipped(int Context, int Batch, long Bytes);

/// <summary>How the figures are written.</summary>
[JsonSerializable(typeof(DeviceBenchFigures))]
internal sealed partial class DeviceBenchJson : JsonSerializerContext
{
    /// <summary>For people too.</summary>
    public static DeviceBenchJson Readable => new(new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
