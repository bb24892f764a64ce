using System.Diagnostics;

namespace RwkvX.AI.Chat.Requests;

/// <summary>What one request took: goes into the meter and the activity source of the library when it ends.</summary>
internal sealed class RequestMeasure
{
    private readonly TimeProvider _time;
    private readonly string _modelId;
    private readonly TagList _tags;
    private readonly long _begun;
    private Activity? _activity;
    private long _firstToken;
    private long _lastToken;
    private int _tokens;
    private bool _isRunning;

    /// <summary>A request begins.</summary>
    /// <param name="modelId">What the model is called.</param>
    /// <param name="time">The clock.</param>
    public RequestMeasure(string modelId, TimeProvider time)
    {
        _modelId = modelId;
        _time = time;
        _begun = time.GetTimestamp();
        _tags = new TagList
        {
            { "gen_ai.operation.name", "chat" },
            { "gen_ai.provider.name", "rwkvx" },
            { "gen_ai.request.model", modelId },
            { "gen_ai.response.model", modelId },
        };
    }

    /// <summary>It is about to wait for its place.</summary>
    public void Begin()
    {
        _activity = RequestInstruments.Source.StartActivity($"chat {_modelId}", ActivityKind.Internal, parentContext: default, _tags);
        RequestInstruments.Queued.Add(1, _tags);
    }

    /// <summary>How long it waited for its place.</summary>
    public TimeSpan QueueTime { get; private set; }

    /// <summary>It may run.</summary>
    public void Admitted(TimeSpan queueTime)
    {
        _isRunning = true;
        QueueTime = queueTime;
        RequestInstruments.Queued.Add(-1, _tags);
        RequestInstruments.Active.Add(1, _tags);
        RequestInstruments.QueueTime.Record(queueTime.TotalSeconds, _tags);
    }

    /// <summary>A token was sampled.</summary>
    public void Token()
    {
        _lastToken = _time.GetTimestamp();
        _firstToken = _tokens++ == 0 ? _lastToken : _firstToken;
    }

    /// <summary>It ended with an answer.</summary>
    public void Answered(TurnResult result)
    {
        RecordUsage("input", result.InputTokens);
        RecordUsage("output", result.OutputTokens);
        RequestInstruments.CachedTokens.Add(result.CachedTokens, _tags);
        if (_activity is { } activity)
        {
            activity.SetTag("gen_ai.response.finish_reasons", new[] { result.FinishReason.Value });
            activity.SetTag("gen_ai.usage.input_tokens", result.InputTokens);
            activity.SetTag("gen_ai.usage.output_tokens", result.OutputTokens);
            activity.SetTag("gen_ai.usage.cache_read.input_tokens", result.CachedTokens);
        }

        RecordPace();
        End(_tags);
    }

    /// <summary>It ended without one.</summary>
    public void Failed(Exception error)
    {
        TagList tags = _tags;
        string type = error.GetType().FullName!;
        tags.Add("error.type", type);
        _activity?.SetTag("error.type", type);
        _activity?.SetStatus(error is OperationCanceledException ? ActivityStatusCode.Unset : ActivityStatusCode.Error, error.Message);
        End(tags);
    }

    private void End(in TagList tags)
    {
        (_isRunning ? RequestInstruments.Active : RequestInstruments.Queued).Add(-1, _tags);
        RequestInstruments.Duration.Record(_time.GetElapsedTime(_begun).TotalSeconds, tags);
        _activity?.SetTag("rwkvx.queue_ms", QueueTime.TotalMilliseconds);
        _activity?.Dispose();
        _activity = null;
    }

    /// <summary>The convention has these of answers alone: the first token of a request that was cut off soon would make them look good.</summary>
    private void RecordPace()
    {
        if (_tokens > 0)
        {
            RequestInstruments.TimeToFirstToken.Record(_time.GetElapsedTime(_begun, _firstToken).TotalSeconds, _tags);
        }

        if (_tokens > 1)
        {
            double seconds = _time.GetElapsedTime(_firstToken, _lastToken).TotalSeconds / (_tokens - 1);
            RequestInstruments.TimePerOutputToken.Record(seconds, _tags);
            if (seconds > 0)
            {
                RequestInstruments.Speed.Record(1 / seconds, _tags);
            }
        }
    }

    private void RecordUsage(string type, long tokens)
    {
        TagList tags = _tags;
        tags.Add("gen_ai.token.type", type);
        RequestInstruments.Usage.Record(tokens, tags);
    }
}
