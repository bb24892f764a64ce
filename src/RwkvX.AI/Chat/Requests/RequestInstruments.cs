using System.Diagnostics;
using System.Diagnostics.Metrics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Chat.Requests;

/// <summary>What is measured of requests. Names that begin with gen_ai are OpenTelemetry's for servers of generative models; the others are ours.</summary>
internal static class RequestInstruments
{
    /// <summary>One activity a request, from its arrival to its end.</summary>
    public static ActivitySource Source { get; } = new(RwkvXMeter.Name);

    /// <summary>gen_ai.server.request.duration</summary>
    public static Histogram<double> Duration { get; } = Seconds("gen_ai.server.request.duration", "From a request's arrival to its end.");

    /// <summary>gen_ai.server.time_to_first_token</summary>
    public static Histogram<double> TimeToFirstToken { get; } = Seconds("gen_ai.server.time_to_first_token", "From a request's arrival to its first token.");

    /// <summary>gen_ai.server.time_per_output_token</summary>
    public static Histogram<double> TimePerOutputToken { get; } =
        Seconds("gen_ai.server.time_per_output_token", "Between two tokens of an answer, on average, the first left out.");

    /// <summary>gen_ai.server.token.usage</summary>
    public static Histogram<long> Usage { get; } =
        RwkvXMeter.Instance.CreateHistogram<long>("gen_ai.server.token.usage", "{token}", "Tokens of prompts (input) and answers (output).");

    /// <summary>rwkvx.request.queue_time</summary>
    public static Histogram<double> QueueTime { get; } = Seconds("rwkvx.request.queue_time", "How long a request waited for its place.");

    /// <summary>rwkvx.request.speed</summary>
    public static Histogram<double> Speed { get; } =
        RwkvXMeter.Instance.CreateHistogram<double>("rwkvx.request.speed", "{token}/s", "Tokens a second of an answer, the first left out.");

    /// <summary>rwkvx.requests.queued</summary>
    public static UpDownCounter<long> Queued { get; } =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.requests.queued", "{request}", "Requests that wait for their place.");

    /// <summary>rwkvx.requests.active</summary>
    public static UpDownCounter<long> Active { get; } =
        RwkvXMeter.Instance.CreateUpDownCounter<long>("rwkvx.requests.active", "{request}", "Requests that run.");

    /// <summary>rwkvx.tokens.cached</summary>
    public static Counter<long> CachedTokens { get; } =
        RwkvXMeter.Instance.CreateCounter<long>("rwkvx.tokens.cached", "{token}", "Tokens of prompts that did not have to be computed.");

    private static Histogram<double> Seconds(string name, string description) => RwkvXMeter.Instance.CreateHistogram<double>(name, "s", description);
}
