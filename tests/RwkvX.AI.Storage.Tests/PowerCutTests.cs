using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Testing.Stores;
using Xunit;

namespace RwkvX.AI.Storage.Tests;

/// <summary>Any file of a store loses its end, or finds it zeroed.</summary>
/// <remarks>Some cases by default; RWKVX_TEST_POWERCUTS says how many.</remarks>
public sealed class PowerCutTests
{
    private static readonly int Cases = int.TryParse(Environment.GetEnvironmentVariable("RWKVX_TEST_POWERCUTS"), out int count) ? count : 60;
    private readonly Dictionary<string, int> _outcomes = [];

    [Fact]
    public async Task Tail_CutOrZeroed_IsRecoveredOrReported()
    {
        using TestFolder work = new(inMemory: true);
        Random random = new(23);
        string[] bases = new string[5];
        Dictionary<string, StoreTwin>[] twins = new Dictionary<string, StoreTwin>[bases.Length];
        for (int i = 0; i < bases.Length; i++) (bases[i], twins[i]) = (Path.Combine(work.Path, $"base{i}"), await MakeBase(Path.Combine(work.Path, $"base{i}"), seed: 100 + i));
        for (int i = 0; i < Cases; i++)
        {
            int which = random.Next(bases.Length);
            string root = Path.Combine(work.Path, "case");
            TestFolder.Copy(bases[which], root);
            string damage = FileDamage.Apply(root, random);
            await Check(root, twins[which], verifyFirst: i % 2 == 0, $"case {i}: {damage}");
            Directory.Delete(root, recursive: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", _outcomes.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key} {entry.Value}")));
        Assert.True(_outcomes.GetValueOrDefault("lost turn reported") > 0, "no case lost a turn: the cases are too tame");
    }

    /// <summary>A store as a power cut finds it: open, its last changes in the write-ahead log.</summary>
    private static async Task<Dictionary<string, StoreTwin>> MakeBase(string root, int seed)
    {
        string live = root + "-live";
        StoreScript script = new(seed);
        await using (IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = live }))
        {
            for (int step = 0; step < 100; step++) await script.Next()(store);
            TestFolder.Copy(live, root);
        }

        Directory.Delete(live, recursive: true);
        return script.Twins;
    }

    private async Task Check(string root, Dictionary<string, StoreTwin> twins, bool verifyFirst, string what)
    {
        FileStateStoreOptions options = new() { Root = root };
        IStateStore store;
        try
        {
            store = FileStateStore.Open(options);
        }
        catch (StateCorruptException)
        {
            Count("index rebuilt");
            await FileStateStore.RebuildAsync(options);
            store = FileStateStore.Open(options);
        }

        await using (store)
        {
            Assert.Equal(twins.Keys.Order(StringComparer.Ordinal), (await store.ListAsync("t")).Select(info => info.Key.Name));
            IReadOnlyList<StoreProblem>? problems = verifyFirst ? await store.VerifyAsync() : null; // otherwise damage is met at use
            foreach ((string name, StoreTwin twin) in twins) await CheckOne(store, new ConversationKey("t", name), twin, problems, what);
            Assert.DoesNotContain(await store.VerifyAsync(), problem => problem.Where.StartsWith("logs/", StringComparison.Ordinal));
        }
    }

    private async Task CheckOne(IStateStore store, ConversationKey key, StoreTwin twin, IReadOnlyList<StoreProblem>? problems, string what)
    {
        try
        {
            await Equal(store, key, twin.Records, what);
            Count("whole");
        }
        catch (LostTurnException e)
        {
            Count("lost turn reported");
            Assert.True(e.Found < e.Acknowledged, what);
            if (problems is not null) Assert.NotEmpty(problems);
            RecoverResult result = await store.RecoverAsync(key);
            Assert.Equal(twin.Tokens, result.Acknowledged.Tokens);
            IReadOnlyList<LogRecord> left = await store.ReadAsync(key);
            Assert.True(left.SequenceEqual(twin.Records.Take(left.Count)) || IsOfAnEarlierPlace(twin, left), $"{what}: {key}: what was recovered is not of its history");
            await Equal(store, key, left, what);
            await using IConversationWriter writer = await store.LeaseAsync(key, ToyEngine.Binding);
            await writer.AppendAsync([new TurnRecord()]); // goes on, another way than what its forks may have continued
        }
    }

    /// <summary>A lost rewind brings back what it had taken away: a place where the conversation stood before.</summary>
    private static bool IsOfAnEarlierPlace(StoreTwin twin, IReadOnlyList<LogRecord> left) => twin.PastWays.Exists(past => left.SequenceEqual(past.Take(left.Count)));

    private async Task Equal(IStateStore store, ConversationKey key, IReadOnlyList<LogRecord> expected, string what)
    {
        Assert.True(expected.SequenceEqual(await store.ReadAsync(key)), $"{what}: {key}: records differ");
        try
        {
            using StoredState opened = await store.OpenAsync(key, ToyEngine.Binding);
            if (opened.Problems.Count > 0) Count("state passed over");
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, expected), ToyEngine.Restore(opened)), $"{what}: {key}: the state differs");
        }
        catch (StateCorruptException)
        {
            Count("page damage found at use");
            using StoredState opened = await store.OpenAsync(key, ToyEngine.Binding, new OpenOptions { VerifyPages = true });
            Assert.True(ToyEngine.AreEqual(ToyEngine.Replay(null, expected), ToyEngine.Restore(opened)), $"{what}: {key}: the state differs");
        }
    }

    private void Count(string outcome) => _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
}
