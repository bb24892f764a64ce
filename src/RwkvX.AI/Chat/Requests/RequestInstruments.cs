using System.Diagnostics;
using System.Diagnostics.Metrics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat.Requests;

/// <summary>
/// What is measured of requests. Names that begin with gen_ai are OpenTelemetry's for servers of generative models, with its boundaries of
/// buckets; the others are ours.
/// </summary>
internal static class RequestInstruments
{
    // Those of the convention, and four more below: its shortest step is 10 ms, a small model's is 1.
    private static readonly double[] StepSeconds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

    private static readonly double[] FirstSeconds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private static readonly double[] RequestSeconds = [.. Enumerable.Range(0, 14).Select(i => 0.01 * (1 << i))]; // 10 ms to 82 s

    private static readonly long[] Tokens = [.. Enumerable.Range(0, 14).Select(i => 1L << (2 * i))]; // 1 to 67 million

    private static readonly double[] Speeds = [.. Enumerable.Range(0, 14).Select(i => (double)(1 << i))]; // 1 to 8,192 a second

    /// <summary>One activity a request, from its arrival to its end.</summary>
    public static ActivitySource Source { get; } = new(RwkvXMeter.Name);

    /// <summary>gen_ai.server.request.duration</summary>
    public static Histogram<double> Duration { get; } = Seconds("gen_ai.server.request.duration", "From a request's arrival to its end.", RequestSeconds);

    /// <summary>gen_ai.server.time_to_first_token</summary>
    public static Histogram<double> TimeToFirstToken { get; } =
        Seconds("gen_ai.server.time_to_first_token", "From a request's arrival to its first token, of requests that were answered.", FirstSeconds);

    /// <summary>gen_ai.server.time_per_output_token</summary>
    public static Histogram<double> TimePerOutputToken { get; } =
        Seconds("gen_ai.server.time_per_output_token", "Between two tokens of an answer, on average, of requests that were answered.", StepSeconds);

    /// <summary>rwkvx.token.usage: the convention has such a measure for clients only, where the middleware takes it.</summary>
    public static Histogram<long> Usage { get; } = RwkvXMeter.Instance.CreateHistogram<long>(
        "rwkvx.token.usage", "{token}", "Tokens of prompts (input) and answers (output).", tags: null, new InstrumentAdvice<long> { HistogramBucketBoundaries = Tokens });

    /// <summary>rwkvx.request.queue_time</summary>
    public static Histogram<double> QueueTime { get; } = Seconds("rwkvx.request.queue_time", "How long a request waited for its place.", RequestSeconds);

    /// <summary>rwkvx.request.speed</summary>
    public static Histogram<double> Speed { get; } = RwkvXMeter.Instance.CreateHistogram<double>(
        "rwkvx.request.speed", "{token}/s", "Tokens a second of an answer, the first left out.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Speeds });

    /// <summary>rwkvx.requests.queued</summary>
    public static UpDownCounter<long> Queued { get; } =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.requests.queued", "{request}", "Requests that wait for their place.");

    /// <summary>rwkvx.requests.active</summary>
    public static UpDownCounter<long> Active { get; } =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.requests.active", "{request}", "Requests that run.");

    /// <summary>rwkvx.tokens.cached</summary>
    public static Counter<long> CachedTokens { get; } =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.tokens.cached", "{token}", "Tokens of prompts that did not have to be computed.");

    private static Histogram<double> Seconds(string name, string description, double[] boundaries) => RwkvXMeter.Instance.CreateHistogram<double>(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
