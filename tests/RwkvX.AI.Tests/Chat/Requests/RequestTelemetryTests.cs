using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using RwkvX.AI.Chat;
using RwkvX.AI.Chat.Requests;
using RwkvX.AI.Grammars;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat.Requests;

public sealed class RequestTelemetryTests
{
    private const string Secret = "xylophone";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_Answered_IsMeasuredUnderTheNamesOfTheConvention()
    {
        using Listening listening = new();
        using ScriptedModel model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, new RwkvXOptions { ModelId = listening.ModelId });
        ChatResponse response = await client.GetResponseAsync(Secret, new ChatOptions { Seed = 1, MaxOutputTokens = 7 }, Cancellation);

        Assert.Single(listening.Of("gen_ai.server.request.duration"));
        Assert.Single(listening.Of("gen_ai.server.time_to_first_token"));
        Assert.Single(listening.Of("gen_ai.server.time_per_output_token"));
        Assert.Single(listening.Of("rwkvx.request.queue_time"));
        Assert.Single(listening.Of("rwkvx.request.speed"));
        Assert.Equal([response.Usage!.InputTokenCount!.Value, 7], listening.Of("rwkvx.token.usage").Select(value => (long)value));
        Assert.Equal([0], listening.Of("rwkvx.tokens.cached"));
        Assert.Equal([1, -1], listening.Of("rwkvx.requests.queued"));
        Assert.Equal([1, -1], listening.Of("rwkvx.requests.active"));
        Assert.Equal(0d, response.AdditionalProperties!["rwkvx.queue_ms"]);

        Activity activity = Assert.Single(listening.Activities);
        Assert.Equal($"chat {listening.ModelId}", activity.DisplayName);
        Assert.Equal(7, activity.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal("rwkvx", activity.GetTagItem("gen_ai.provider.name"));
        Assert.Equal(0L, activity.GetTagItem("gen_ai.usage.cache_read.input_tokens"));
        Assert.NotEqual(ActivityStatusCode.Error, activity.Status);
    }

    [Fact]
    public async Task Request_FailedOrCancelled_IsMeasuredWithItsErrorAndLeavesNoCount()
    {
        using Listening listening = new();
        using ScriptedModel model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, new RwkvXOptions { ModelId = listening.ModelId });
        model.OnPass = _ => throw new InvalidOperationException("broken card");
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetResponseAsync("Hi", null, Cancellation));
        Assert.Contains("System.InvalidOperationException", listening.Errors);
        Activity activity = Assert.Single(listening.Activities);
        Assert.Equal((ActivityStatusCode.Error, "broken card"), (activity.Status, activity.StatusDescription));
        Assert.Equal(0, listening.Of("rwkvx.requests.active").Sum() + listening.Of("rwkvx.requests.queued").Sum());
    }

    [Fact]
    public async Task Request_LeftInMidAnswer_SaysNothingOfThePace()
    {
        using Listening listening = new();
        int word = Vocabularies.Embedded.Encode(" tambourine")[0]; // and never the end: the turn runs ahead of its reader
        using ScriptedModel model = ScriptedModel.Choosing(Vocabularies.Embedded.VocabularySize, _ => word);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, new RwkvXOptions { ModelId = listening.ModelId });
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync([new(ChatRole.User, Secret)], new ChatOptions { MaxOutputTokens = 50_000 }, Cancellation))
        {
            break;
        }

        Assert.Single(listening.Of("gen_ai.server.request.duration"));
        Assert.Empty(listening.Of("gen_ai.server.time_to_first_token")); // the convention has them of answers alone
        Assert.Empty(listening.Of("gen_ai.server.time_per_output_token"));
        Assert.NotEqual(ActivityStatusCode.Error, Assert.Single(listening.Activities).Status);
    }

    [Fact]
    public void Histograms_OfTheLibrary_HaveBucketsForTheirValues()
    {
        using MeterListener meters = new();
        Dictionary<string, Instrument> histograms = [];
        meters.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "RwkvX.AI" && instrument.Name.StartsWith("gen_ai.", StringComparison.Ordinal))
            {
                histograms[instrument.Name] = instrument;
            }
        };
        using (RwkvXChatClient _ = new(ScriptedModel.Hashing(300), Vocabularies.Embedded, ownsModel: true))
        {
            RequestMeasure measure = new("any", TimeProvider.System); // makes the instruments
            measure.Begin();
            measure.Admitted(TimeSpan.Zero);
            measure.Failed(new OperationCanceledException());
        }

        meters.Start();
        Assert.Equal(["gen_ai.server.request.duration", "gen_ai.server.time_per_output_token", "gen_ai.server.time_to_first_token"], histograms.Keys.Order());
        foreach (Instrument histogram in histograms.Values)
        {
            IReadOnlyList<double> boundaries = Assert.IsType<Histogram<double>>(histogram).Advice!.HistogramBucketBoundaries!;
            Assert.Equal(boundaries.Order(), boundaries);
            Assert.InRange(boundaries[0], 0.0005, 0.01); // seconds; what a collector takes by itself begins at 5
        }
    }

    [Fact]
    public async Task Log_OfWhatTheCallerCanMend_IsNoErrorAndHasNoContent()
    {
        FakeLogger<RwkvXChatClient> logger = new();
        using ScriptedModel model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, logger: logger);
        ChatMessage image = new(ChatRole.User, [new TextContent(Secret), new DataContent(new byte[] { 1 }, "image/png")]);
        ChatOptions schema = new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(System.Text.Json.JsonElement.Parse("""{"not":{}}""")) };
        Assert.Contains("image/png", (await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync([image], null, Cancellation))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<GrammarException>(() => client.GetResponseAsync(Secret, schema, Cancellation));
        await Assert.ThrowsAsync<GrammarLimitException>(
            () => client.GetResponseAsync(Secret, new ChatOptions { ResponseFormat = ChatResponseFormat.Json, MaxOutputTokens = 1 }, Cancellation));
        await Assert.ThrowsAsync<ConversationNotFoundException>(
            () => client.GetResponseAsync(Secret, new ChatOptions { ConversationId = "nowhere" }, Cancellation));
        IReadOnlyList<FakeLogRecord> records = logger.Collector.GetSnapshot();
        Assert.Equal(4, records.Count(record => record.Level == LogLevel.Information && record.Message.StartsWith("Refused", StringComparison.Ordinal)));
        Assert.DoesNotContain(records, record => record.Level > LogLevel.Information || record.Message.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_WithoutBeingAsked_HasNoContent(bool logsContent)
    {
        FakeLogger<RwkvXChatClient> logger = new();
        using ScriptedModel model = ScriptedModel.Choosing(Vocabularies.Embedded.VocabularySize, history => Vocabularies.Embedded.Encode(" tambourine")[0]);
        using RwkvXChatClient client = new(model, Vocabularies.Embedded, new RwkvXOptions { LogContent = logsContent }, logger: logger);
        ChatResponse response = await client.GetResponseAsync(Secret, new ChatOptions { Temperature = 0, MaxOutputTokens = 3 }, Cancellation);
        model.OnPass = _ => throw new InvalidOperationException("broken card");
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetResponseAsync(Secret + " again", null, Cancellation));
        string log = string.Join('\n', logger.Collector.GetSnapshot().Select(record => record.Message + record.Exception));
        Assert.Contains("broken card", log, StringComparison.Ordinal);
        Assert.Contains(response.ResponseId!, log, StringComparison.Ordinal);
        Assert.Equal(logsContent, log.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(logsContent, log.Contains(response.Text, StringComparison.Ordinal));
    }

    /// <summary>Collects what this library measures of one model; other tests run at the same time.</summary>
    private sealed class Listening : IDisposable
    {
        private readonly MeterListener _meters = new();
        private readonly ActivityListener _listener;
        private readonly List<(string Name, double Value, string? Error)> _measured = [];

        public Listening()
        {
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "RwkvX.AI")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _meters.Start();
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "RwkvX.AI",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity =>
                {
                    if (activity.DisplayName.EndsWith(ModelId, StringComparison.Ordinal))
                    {
                        Activities.Add(activity);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public string ModelId { get; } = Guid.NewGuid().ToString("N");

        public List<Activity> Activities { get; } = [];

        public IEnumerable<string?> Errors => _measured.Select(measurement => measurement.Error);

        public IEnumerable<double> Of(string name) => _measured.Where(measurement => measurement.Name == name).Select(measurement => measurement.Value);

        public void Dispose()
        {
            _meters.Dispose();
            _listener.Dispose();
        }

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string? error = null;
            bool isOurs = false;
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                isOurs |= tag.Key == "gen_ai.request.model" && ModelId.Equals(tag.Value);
                error = tag.Key == "error.type" ? (string?)tag.Value : error;
            }

            if (isOurs)
            {
                _measured.Add((instrument.Name, value, error));
            }
        }
    }
}
