using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Testing;
using RwkvX.AI.Tests.Tokenization;
using Xunit;

namespace RwkvX.AI.Tests.Chat.Requests;

/// <summary>
/// A handful of requests at once that are cancelled, left, read slowly, refused or cut off by a stopping host at random moments. Afterwards
/// nothing may be held, nobody may wait, and what was answered must be what is answered in peace.
/// </summary>
internal sealed class RandomScript : IDisposable
{
    private static readonly ScriptedModel PeacefulModel = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
    private static readonly Dictionary<(int Topic, int Tokens), string> Peaceful = [];

    private readonly Random _random;
    private readonly ScriptedModel _model = ScriptedModel.Hashing(Vocabularies.Embedded.VocabularySize);
    private readonly RwkvXChatClient _client;
    private readonly List<CancellationTokenSource> _sources = [];
    private readonly int _endsAt; // the pass in which the client is disposed, or the host stops
    private readonly bool _isStopped;
    private readonly bool _isGathered; // the first pass waits until all requests are there, however busy the machine is: some are one too many
    private int _count, _over;
    private Task _ending = Task.CompletedTask;

    public RandomScript(int seed)
    {
        _random = new Random(seed);
        RwkvXOptions options = new()
        {
            PrefillSpan = _random.Next(1, 9),
            MaxActiveRequests = _random.Next(1, 4),
            MaxQueuedRequests = _random.Next(0, 5),
            MaxUnreadUpdates = _random.Next(1, 4),
            PrefixCacheBytes = _random.Next(3) == 0 ? 0 : _random.Next(2000, 200_000),
        };
        _client = new RwkvXChatClient(_model, Vocabularies.Embedded, options);
        _endsAt = _random.Next(4) == 0 ? _random.Next(1, 60) : int.MaxValue;
        _isStopped = _random.Next(2) == 0;
        _isGathered = seed % 4 == 0;
        _model.OnPass = OnPass;
    }

    public async Task<Dictionary<string, int>> RunAsync()
    {
        _count = _random.Next(1, 7);
        Task<string>[] requests = [.. Enumerable.Range(0, _count).Select(_ => RequestAsync(_random.Next()))];
        string[] ends = await Task.WhenAll(requests).WaitAsync(TimeSpan.FromMinutes(2)); // a stuck request fails here
        await _ending.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal((0, 0, 0), (_client.Requests.Active, _client.Requests.Suspended, _client.Requests.Queued));
        Assert.Equal(0, PassScheduler.For(_model).WaitingCount);
        if (_endsAt == int.MaxValue)
        {
            Assert.Equal(_client.Cache.Count, _model.LiveStates);
            Assert.Equal(Expected(0, 4), (await _client.GetResponseAsync(Ask(0), Options(4))).Text); // as good as new
        }

        _client.Dispose();
        Assert.Equal(0, _model.LiveStates);
        return ends.CountBy(end => end).ToDictionary();
    }

    public void Dispose()
    {
        _client.Dispose();
        _model.Dispose();
        _sources.ForEach(source => source.Dispose());
    }

    private void OnPass(int pass)
    {
        if (_isGathered && pass == 1)
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref _over) + _client.Requests.Active + _client.Requests.Queued >= _count, TimeSpan.FromSeconds(5));
        }

        CancellationTokenSource[] sources;
        lock (_sources)
        {
            sources = [.. _sources];
        }

        if (sources.Length > 0 && pass % 7 == _endsAt % 7)
        {
            sources[pass % sources.Length].Cancel(); // from inside a pass, whoever's it is
        }

        if (pass != _endsAt)
        {
            return;
        }

        if (_isStopped)
        {
            _client.Requests.Close();
            _ending = Task.Run(_client.Requests.Abort);
        }
        else
        {
            _ending = Task.Run(_client.Dispose);
        }
    }

    private async Task<string> RequestAsync(int seed)
    {
        await Task.Yield();
        Random random = new(seed);
        (int topic, int tokens) = (random.Next(5), random.Next(1, 16));
        using CancellationTokenSource source = new();
        bool isCancelled = random.Next(3) == 0, isSlow = random.Next(3) == 0;
        int leavesAfter = random.Next(3) == 0 ? random.Next(0, 6) : int.MaxValue;
        if (isCancelled)
        {
            lock (_sources)
            {
                _sources.Add(source);
            }
        }

        string text = "";
        try
        {
            await foreach (ChatResponseUpdate update in _client.GetStreamingResponseAsync(Ask(topic), Options(tokens, random.Next(-2, 3)), source.Token))
            {
                text += update.Text;
                if (leavesAfter-- == 0)
                {
                    return "left";
                }

                for (int i = isSlow ? random.Next(20) : 0; i > 0; i--)
                {
                    await Task.Yield();
                }
            }

            Assert.Equal(Expected(topic, tokens), text);
            return "answered";
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or RwkvXOverloadedException or RwkvXStoppingException)
        {
            Assert.StartsWith(text, Expected(topic, tokens), StringComparison.Ordinal);
            return e is OperationCanceledException ? "cancelled" : e.GetType().Name;
        }
        finally
        {
            Interlocked.Increment(ref _over);
            lock (_sources)
            {
                _sources.Remove(source);
            }
        }
    }

    private static ChatMessage[] Ask(int topic) => [new(ChatRole.System, "Be brief."), new(ChatRole.User, $"Tell me about number {topic}, please.")];

    private static ChatOptions Options(int tokens, int priority = 0) =>
        new() { Temperature = 0, MaxOutputTokens = tokens, AdditionalProperties = new() { ["priority"] = priority } };

    private static string Expected(int topic, int tokens)
    {
        lock (Peaceful)
        {
            if (!Peaceful.TryGetValue((topic, tokens), out string? text))
            {
                using RwkvXChatClient client = new(PeacefulModel, Vocabularies.Embedded);
                Peaceful[(topic, tokens)] = text = client.GetResponseAsync(Ask(topic), Options(tokens)).GetAwaiter().GetResult().Text;
            }

            return text;
        }
    }
}
