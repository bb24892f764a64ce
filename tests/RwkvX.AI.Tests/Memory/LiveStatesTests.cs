using System.Runtime.InteropServices;
using RwkvX.AI.Memory;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing;
using RwkvX.AI.Testing.Chat;
using Xunit;

namespace RwkvX.AI.Tests.Memory;

/// <summary>The tiers of states over a model whose state is its history: with the engine, and in main memory.</summary>
public sealed class LiveStatesTests : IDisposable
{
    private const int Chunk = 16, Width = 64;
    private const long Page = (2 * Chunk * Width * sizeof(float)) + (Width * sizeof(float)); // keys, values, mean
    private const long Own = ((Width * Width) + (3 * Width)) * sizeof(float);                // a state without a token

    private readonly ScriptedModel _model = ScriptedModel.Hashing(1000);
    private readonly LogCollector _log = new();
    private readonly Guid _logId = Guid.NewGuid();
    private LiveStates _states;

    public LiveStatesTests() => _states = New(0, 1 << 30);

    public void Dispose() => _states.Dispose();

    [Fact]
    public async Task Add_BeyondTheBudget_IsInMainMemoryWithAllThatBelongsToIt()
    {
        ConversationNotes notes = new("be kind", "", null);
        await _states.AddAsync(At(1), State(40), null, 17, notes);
        Assert.Equal((null, null), _states.Take(At(1)));
        Assert.Equal(0, _model.LiveStates);
        (StateSnapshot snapshot, HostState kept) = _states.FindInHost(At(1))!.Value;
        Assert.Equal((40L, 17L, notes), (snapshot.TokenCount, kept.StoredTokens, kept.Notes));
        Assert.Equal(Own + (2 * Page) + (8 * 2 * Width * sizeof(float)), _states.HostBytes);
        Assert.Equal(_states.HostBytes, _states.Measure(At(1)).HostBytes);
        Assert.Null(_states.FindInHost(At(2)));
    }

    [Fact]
    public async Task Add_ForksOfOneDocument_HoldItsPagesOnceInMainMemory()
    {
        LiveState? document = await _states.AddAsync(At(1), State(10 * Chunk), null, 0);
        for (int i = 0; i < 5; i++) await _states.AddAsync(At(10 + i), State(12 * Chunk, own: i), document, 0);
        Assert.Equal((6 * Own) + (10 * Page) + (5 * 2 * Page), _states.HostBytes);
        Assert.Equal(History(12 * Chunk, 3), HistoryOf(At(13)));
        _states.MovedOn(At(1), _logId);
        Assert.Equal((5 * Own) + (10 * Page) + (5 * 2 * Page), _states.HostBytes); // the forks hold the document's pages on
        for (int i = 1; i < 5; i++) _states.MovedOn(At(10 + i), _logId);
        Assert.Equal(Own + (12 * Page), _states.HostBytes);
        _states.Drop(_logId);
        Assert.Equal(0, _states.HostBytes);
    }

    [Fact]
    public async Task Add_OfARaisedState_TakesItFromMainMemoryAndKeepsWhatIsSharedShared()
    {
        _states.Dispose();
        _states = New(5_000, 1 << 30);
        LiveState? document = await _states.AddAsync(At(1), State(3 * Chunk), null, 0);
        _states.Anchor(At(1));
        await _states.AddAsync(At(2), State(5 * Chunk, own: 1), document, 0);
        await _states.AddAsync(At(3), State(10 * Chunk, own: 2), null, 0); // puts both down
        Assert.Equal((2 * Own) + (5 * Page), _states.HostBytes);
        (StateSnapshot snapshot, HostState kept) = _states.FindInHost(At(1))!.Value;
        await _states.AddAsync(At(1), _model.Import(snapshot), null, 0, kept.Notes, kept);
        Assert.Null(_states.FindInHost(At(1)));
        await _states.AddAsync(At(4), State(11 * Chunk, own: 3), null, 0);
        Assert.NotNull(_states.FindInHost(At(1)));
        Assert.Equal((3 * Own) + (15 * Page), _states.HostBytes); // the third is down as well
        _states.MovedOn(At(1), _logId);
        Assert.NotNull(_states.FindInHost(At(1))); // still an anchor
    }

    [Fact]
    public async Task Host_BeyondItsBudget_LeavesTheLeastRecentlyUsedToTheStore()
    {
        _states.Dispose();
        _states = New(0, (2 * Own) + (8 * Page));
        for (int i = 1; i <= 2; i++) await _states.AddAsync(At(i), State(4 * Chunk, own: i), null, 0);
        Assert.NotNull(_states.FindInHost(At(1)));
        await _states.AddAsync(At(3), State(4 * Chunk, own: 3), null, 0);
        Assert.Equal((false, true, true), (_states.FindInHost(At(2)) is not null, _states.FindInHost(At(1)) is not null, _states.FindInHost(At(3)) is not null));
        await _states.AddAsync(At(4), State(20 * Chunk, own: 4), null, 0); // could never fit: nothing gives way to it
        Assert.Equal((2 * Own) + (8 * Page), _states.HostBytes);
        Assert.Null(_states.FindInHost(At(4)));
    }

    [Fact]
    public async Task Label_OfAStateInMainMemory_IsThatOfBothPlacesAtTheCostOfOne()
    {
        await _states.AddAsync(At(1), State(20), null, 3);
        long bytes = _states.HostBytes;
        _states.Anchor(At(1));
        await _states.LabelAsync(At(1), At(2));
        Assert.Equal(bytes, _states.HostBytes);
        Assert.Same(_states.FindInHost(At(1))!.Value.Snapshot, _states.FindInHost(At(2))!.Value.Snapshot);
        _states.MovedOn(At(2), _logId); // labelled places stay
        Assert.Equal(3, _states.FindInHost(At(2))!.Value.Kept.StoredTokens);
        _states.Clear();
        Assert.Equal(0, _states.HostBytes);
    }

    [Fact]
    public async Task Drop_WhileAStateIsOnItsWay_LeavesNothing()
    {
        using ManualResetEventSlim exporting = new(), mayGoOn = new();
        _model.OnExport = () =>
        {
            exporting.Set();
            mayGoOn.Wait(TestContext.Current.CancellationToken);
        };
        Task<LiveState?> adding = _states.AddAsync(At(1), State(20), null, 0).AsTask();
        exporting.Wait(TestContext.Current.CancellationToken);
        Assert.Null(_states.FindInHost(At(1)));
        _states.Drop(_logId);
        mayGoOn.Set();
        await adding;
        Assert.Null(_states.FindInHost(At(1)));
        Assert.Equal((0L, 0), (_states.HostBytes, _model.LiveStates));
    }

    [Fact]
    public async Task Export_ThatFails_IsLoggedAndTheStateIsLetGo()
    {
        _model.OnExport = () => throw new InsufficientMemoryException("no room");
        await _states.AddAsync(At(1), State(20), null, 0);
        Assert.Equal((0L, 0), (_states.HostBytes, _model.LiveStates));
        Assert.Null(_states.FindInHost(At(1)));
        Assert.Contains(_log.Lines, line => line.Contains("20 tokens was not kept in main memory", StringComparison.Ordinal));
        _model.OnExport = null;
        await _states.AddAsync(At(1), State(20), null, 0);
        Assert.NotNull(_states.FindInHost(At(1)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomUse_HoldsBudgetsHistoriesAndEachPageOnce(int seed)
    {
        const long Resident = 12_000, Host = 40 * (Own + Page);
        _states.Dispose();
        _states = New(Resident, Host);
        Random random = new(seed);
        Dictionary<LogPlace, int[]> histories = [];
        (int up, int most) = (0, 0);
        for (int step = 1; step < 1500; step++)
        {
            LogPlace[] known = [.. histories.Keys];
            LogPlace place = known.Length == 0 ? default : known[random.Next(known.Length)];
            switch (random.Next(12))
            {
                case 0 when known.Length > 0:
                    _states.Anchor(place);
                    break;
                case 1 when known.Length > 0:
                    LogPlace labelled = At(step);
                    histories[labelled] = histories[place];
                    await _states.LabelAsync(place, labelled);
                    break;
                case 2 when known.Length > 0:
                    _states.MovedOn(place, _logId);
                    break;
                case 3 when random.Next(60) == 0:
                    if (random.Next(2) == 0) _states.Drop(_logId);
                    else _states.Clear();
                    Assert.Equal((0L, 0L), (_states.Bytes, _states.HostBytes));
                    break;
                case <= 5:
                    histories[At(step)] = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(1000))];
                    await _states.AddAsync(At(step), _model.NewState([.. histories[At(step)]]), null, 0);
                    break;
                default:
                    if (known.Length > 0) await GoOn(place, step);
                    break;
            }

            Check(histories);
        }

        Assert.True(up > 50 && most > 10, $"{up} came up, at most {most} were down");
        _states.Dispose();
        Assert.Equal((0L, 0L, 0), (_states.Bytes, _states.HostBytes, _model.LiveStates));

        async Task GoOn(LogPlace place, int step)
        {
            if (_states.FindInHost(place) is ({ } snapshot, { } kept))
            {
                up++;
                using RwkvXState raised = _model.Import(snapshot);
                await _states.AddAsync(place, raised.Fork(), null, 0, null, kept);
            }

            if (_states.Take(place) is not ({ } fork, { } origin)) return;
            int[] more = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(1000))];
            _model.Forward(fork, more, Memory<float>.Empty);
            histories[At(step)] = [.. histories[place], .. more];
            if (random.Next(2) == 0) _states.MovedOn(place, _logId);
            await _states.AddAsync(At(step), fork, origin, 0);
        }

        void Check(Dictionary<LogPlace, int[]> histories)
        {
            Assert.InRange(_states.Bytes, 0, Resident);
            Assert.InRange(_states.HostBytes, 0, Host);
            HashSet<StateSnapshot> snapshots = [];
            HashSet<PageSnapshot> pages = new(ReferenceEqualityComparer.Instance);
            HashSet<string> prefixes = [];
            foreach ((LogPlace place, int[] history) in histories)
            {
                if (_states.FindInHost(place) is not ({ } snapshot, _)) continue;
                Assert.Equal(0, _states.Measure(place).Bytes); // in one tier, not in both
                Assert.Equal(history, History(snapshot));
                snapshots.Add(snapshot);
                pages.UnionWith(snapshot.SparseLayers[0].Pages.Where(page => page.RowCount == Chunk));
                for (int end = Chunk; end <= history.Length; end += Chunk) prefixes.Add(string.Join(' ', history[..end]));
            }

            most = Math.Max(most, snapshots.Count);
            long partial = snapshots.Sum(snapshot => snapshot.TokenCount % Chunk) * 2 * Width * sizeof(float);
            Assert.Equal(prefixes.Count, pages.Count);
            Assert.Equal((snapshots.Count * Own) + (pages.Count * Page) + partial, _states.HostBytes);
        }
    }

    private LiveStates New(long residentBytes, long hostBytes) => new(_model, residentBytes, hostBytes, _log.CreateLogger("memory"));

    private LogPlace At(long record) => new(_logId, record);

    private ScriptedState State(int tokens, int own = 0) => _model.NewState([.. History(tokens, own)]);

    /// <summary>The same beginning for all, up to ten chunks.</summary>
    private static int[] History(int tokens, int own) => [.. Enumerable.Range(0, tokens).Select(i => i < 10 * Chunk ? i : i + own)];

    private int[] HistoryOf(LogPlace place) => History(_states.FindInHost(place)!.Value.Snapshot);

    private static int[] History(StateSnapshot snapshot) =>
    [
        .. snapshot.SparseLayers[0].Pages.SelectMany(page => Enumerable.Range(0, page.RowCount).Select(row => (int)MemoryMarshal.Cast<byte, float>(page.Keys.Span)[row * Width])),
    ];
}
