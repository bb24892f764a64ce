using Microsoft.Extensions.AI;
using RwkvX.AI.AspNetCore.Errors;

namespace RwkvX.AI.AspNetCore.Requests;

/// <summary>The body of <c>POST /v1/chat/completions</c>, checked and in the terms of <see cref="IChatClient"/>.</summary>
/// <param name="ModelId">The model asked for; null for the server's default.</param>
/// <param name="Messages">The conversation.</param>
/// <param name="Options">How to answer.</param>
/// <param name="IsStream">Whether the answer is streamed.</param>
/// <param name="IncludesUsage">Whether the stream ends with the usage.</param>
internal sealed record ChatCompletionRequest(
    string? ModelId, List<ChatMessage> Messages, ChatOptions Options, bool IsStream, bool IncludesUsage)
{
    private const int MostStops = 4, MostMetadata = 16; // OpenAI's own limits

    // A misspelt field would otherwise be left out in silence. The second line is ours.
    private static readonly HashSet<string> Known =
    [
        "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "temperature", "top_p", "seed", "stop",
        "top_k", "min_p", "repetition_penalty", "penalty_decay", "conversation",
        "max_tokens", "max_completion_tokens", "presence_penalty", "frequency_penalty", "stream", "stream_options", "n", "user",
        "metadata", "store", "reasoning_effort", "logprobs", "top_logprobs", "logit_bias", "modalities", "audio", "functions",
        "function_call", "web_search_options", "prediction", "service_tier", "safety_identifier", "prompt_cache_key",
        "prompt_cache_retention", "prompt_cache_options", "verbosity", "moderation",
    ];

    /// <summary>Reads and checks a body.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="limits">How long it may be.</param>
    /// <exception cref="ApiException">Something in it is wrong, or asks for what this server does not do; the error names it.</exception>
    public static ChatCompletionRequest Read(RequestField body, RwkvXEndpointOptions limits)
    {
        if (!body.IsObject) throw body.Expected("a JSON object");
        if (body.Names.FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
            throw ApiException.Invalid(unknown, "this server knows no such field", "unknown_parameter");
        RefuseUnsupported(body);
        string? model = body["model"].String(mostLength: 256);
        bool isStream = body["stream"].Boolean() ?? false;
        RequestField stream = body["stream_options"];
        if (stream.IsPresent && !isStream) throw ApiException.Invalid(stream.Path, "expected 'stream': true with it", "invalid_value");
        bool includesUsage = stream["include_usage"].Boolean() ?? false;
        _ = stream["include_obfuscation"].Boolean(); // nothing is added to a stream on this machine
        ChatOptions options = ReadOptions(body, limits);
        List<ChatMessage> messages = new MessageReader(limits, isWhole: options.ConversationId is null).Read(body["messages"]);
        return new ChatCompletionRequest(model, messages, options, isStream, includesUsage);
    }

    private static ChatOptions ReadOptions(RequestField body, RwkvXEndpointOptions limits)
    {
        ChatOptions options = new()
        {
            Temperature = body["temperature"].Number(0, 2),
            TopP = body["top_p"].Number(0, 1),
            TopK = (int?)body["top_k"].Integer(0, int.MaxValue),
            PresencePenalty = body["presence_penalty"].Number(-2, 2),
            FrequencyPenalty = body["frequency_penalty"].Number(-2, 2),
            Seed = body["seed"].Integer(long.MinValue, long.MaxValue),
            MaxOutputTokens = MaxTokens(body, limits.MaxOutputTokens),
            StopSequences = Stops(body["stop"]),
            ResponseFormat = ResponseFormatReader.Read(body["response_format"]),
            Reasoning = Reasoning(body["reasoning_effort"]),
        };
        AddNumber(options, body["min_p"], 0, 1);
        AddNumber(options, body["repetition_penalty"], 0.01, 100);
        AddNumber(options, body["penalty_decay"], 0, 1);
        ConversationField.Read(body, options);
        ToolReader.Read(body, options);
        return options;
    }

    private static int? MaxTokens(RequestField body, int? limit)
    {
        RequestField old = body["max_tokens"], now = body["max_completion_tokens"];
        if (old.IsPresent && now.IsPresent)
            throw ApiException.Invalid(old.Path, "expected this or 'max_completion_tokens', found both", "invalid_value");
        return (int?)(now.IsPresent ? now : old).Integer(1, limit ?? int.MaxValue) ?? limit;
    }

    private static List<string>? Stops(RequestField stop)
    {
        if (!stop.IsPresent) return null;
        if (!stop.IsString && !stop.IsArray) throw stop.Expected("a string or an array of strings");
        List<RequestField> items = stop.IsString ? [stop] : stop.Items(MostStops);
        return items.ConvertAll(item => item.String() is { Length: > 0 } text ? text : throw ApiException.Invalid(item.Path, "expected a text, found an empty one or null", "invalid_value"));
    }

    private static ReasoningOptions? Reasoning(RequestField effort) =>
        effort.OneOf("none", "minimal", "low", "medium", "high", "xhigh") switch
        {
            null => null,
            "none" => new ReasoningOptions { Effort = ReasoningEffort.None },
            "minimal" or "low" => new ReasoningOptions { Effort = ReasoningEffort.Low },
            "medium" => new ReasoningOptions { Effort = ReasoningEffort.Medium },
            "high" => new ReasoningOptions { Effort = ReasoningEffort.High },
            _ => new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh },
        };

    private static void AddNumber(ChatOptions options, RequestField field, double least, double most)
    {
        if (field.Number(least, most) is { } number) (options.AdditionalProperties ??= [])[field.Path] = number;
    }

    /// <summary>What OpenAI's servers do and this one does not must not be left out in silence.</summary>
    private static void RefuseUnsupported(RequestField body)
    {
        if (body["n"].Integer(1, 128) > 1) throw ApiException.Unsupported("n", "expected 1: a request has one answer");
        if (body["logprobs"].Boolean() == true || body["top_logprobs"].Integer(0, 20) > 0)
            throw ApiException.Unsupported("logprobs", "expected false: probabilities are not reported");
        if (body["logit_bias"] is { IsPresent: true } bias && (!bias.IsObject ? throw bias.Expected("an object") : bias.Names.Any()))
            throw ApiException.Unsupported("logit_bias", "expected no entries: token ids are the model's own");
        if (body["modalities"].Items().Any(item => item.String() != "text"))
            throw ApiException.Unsupported("modalities", "expected ['text']: the model writes text alone");
        foreach (string name in (string[])["audio", "functions", "function_call", "web_search_options", "moderation"])
        {
            if (body[name].IsPresent) throw ApiException.Unsupported(name, name.StartsWith("function", StringComparison.Ordinal) ? "expected 'tools', which replaced it" : "this server does not do that");
        }

        foreach (string name in (string[])["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"]) _ = body[name].String(mostLength: 512);
        _ = body["service_tier"].OneOf("auto", "default", "flex", "priority", "scale");
        _ = body["verbosity"].OneOf("low", "medium", "high");
        if (!body["metadata"].IsPresent) return;
        if (!body["metadata"].IsObject) throw body["metadata"].Expected("an object of strings");
        string[] names = [.. body["metadata"].Names];
        if (names.Length > MostMetadata) throw ApiException.Invalid("metadata", $"expected at most {MostMetadata} entries, found {names.Length}", "invalid_value");
        foreach (string name in names) _ = body["metadata"][name].Required("a string").String(mostLength: 512);
    }
}
