using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;

namespace RwkvX.AI.Benchmarks;

/// <summary>Figures of the file store in seconds: <c>store FOLDER [tokens]</c>. States have the embedded model's sizes; their content is random.</summary>
internal static class StoreQuick
{
    private const int Forks = 1000, Turns = 1000, TurnTokens = 60;
    private static readonly StateBinding Binding = new("model", "tokenizer", "template");

    private static readonly RwkvXConfig Config = new()
    {
        EmbeddingSize = 256,
        LayerCount = 8,
        SparseLayerCount = 2,
        VocabSize = 4096,
        MobaChunkSize = 64,
        MobaTopK = 8,
    };

    public static void Run(string folder, int tokens) => RunAsync(folder, tokens).GetAwaiter().GetResult();

    private static async Task RunAsync(string folder, int tokens)
    {
        string root = Path.Combine(folder, $"store-{Guid.NewGuid():n}");
        try
        {
            StateSnapshot snapshot = Snapshot(tokens);
            ConversationKey document = new("t", "document");
            await using (IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root }))
            {
                await Fill(store, document, snapshot, tokens);
                await MeasureForks(store, root, document);
                await MeasureAppends(store);
            }

            await MeasureOpening(root, document);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task Fill(IStateStore store, ConversationKey document, StateSnapshot snapshot, int tokens)
    {
        await using IConversationWriter writer = await store.CreateAsync(document, Binding);
        await writer.AppendAsync([new TokensRecord(new int[tokens])]);
        long started = Stopwatch.GetTimestamp();
        await writer.PutSnapshotAsync(snapshot);
        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        ConversationStats stats = await store.StatAsync(document);
        Console.WriteLine($"state of {tokens} tokens stored: {milliseconds:F0} ms, {stats.StateBytes / 1024} KiB and pages of {stats.PageBytes >> 20} MiB ({(stats.PageBytes >> 20) / milliseconds * 1000:F0} MiB/s)");
    }

    private static async Task MeasureForks(IStateStore store, string root, ConversationKey document)
    {
        long before = Size(root);
        List<double> times = [];
        for (int i = 0; i < Forks; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await store.ForkAsync(document, new ConversationKey("t", $"fork{i}"));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine($"{Forks} durable forks: mean {times.Average():F2} ms, median {times[Forks / 2]:F2} ms, {(Size(root) - before) / Forks} bytes of disk each");
        await store.ShareAsync(document, "u");
        long together = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Forks).Select(i => store.ForkAsync(document, new ConversationKey("u", $"fork{i}")).AsTask()));
        Console.WriteLine($"{Forks} durable forks at once: {Stopwatch.GetElapsedTime(together).TotalMilliseconds / Forks:F2} ms each");
    }

    /// <summary>Turn 1,000 must cost what turn 10 does.</summary>
    private static async Task MeasureAppends(IStateStore store)
    {
        await using IConversationWriter writer = await store.CreateAsync(new ConversationKey("t", "chat"), Binding);
        List<double> times = [];
        string text = new('x', 200);
        for (int turn = 0; turn < Turns; turn++)
        {
            LogRecord[] records = [new TranscriptRecord(TranscriptKind.Message, "user", text), new TokensRecord(new int[TurnTokens]), new TurnRecord()];
            long started = Stopwatch.GetTimestamp();
            await writer.AppendAsync(records);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Console.WriteLine($"durable appends of a turn: median of turns 10-109 {Median(times[10..110]):F2} ms, of turns 900-999 {Median(times[900..]):F2} ms");
    }

    private static async Task MeasureOpening(string root, ConversationKey document)
    {
        long started = Stopwatch.GetTimestamp();
        await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        double opened = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        started = Stopwatch.GetTimestamp();
        using StoredState state = await store.OpenAsync(document, Binding);
        double first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        started = Stopwatch.GetTimestamp();
        long bytes = state.Snapshot!.SparseLayers.SelectMany(layer => layer.Pages).Sum(page => (long)page.Keys.Span.Length + page.Values.Span.Length);
        double read = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Console.WriteLine($"store with {2 * Forks + 2} conversations opened in {opened:F0} ms, the document in {first:F1} ms; checking all its pages {read:F0} ms ({bytes / read / 1e6:F1} GB/s)");
    }

    private static StateSnapshot Snapshot(int tokens)
    {
        Random random = new(1);
        int full = tokens / Config.MobaChunkSize;
        List<PageSnapshot> pages = [.. Enumerable.Range(0, full).Select(_ => Page(random))];
        return new StateSnapshot
        {
            Config = Config,
            TokenCount = (long)full * Config.MobaChunkSize == tokens ? tokens : throw new ArgumentException($"tokens: expected a multiple of {Config.MobaChunkSize}", nameof(tokens)),
            PageType = TensorType.F32,
            RwkvLayers = [.. Enumerable.Range(0, Config.LayerCount).Select(_ => new RwkvLayerSnapshot(Floats(random, 256), Floats(random, 256 * 64), Floats(random, 256)))],
            SparseLayers = [.. Enumerable.Range(0, Config.SparseLayerCount).Select(_ => new SparseLayerSnapshot(Floats(random, 256), pages))],
        };
    }

    private static PageSnapshot Page(Random random)
    {
        byte[] keys = new byte[64 * 256 * 4], values = new byte[64 * 256 * 4];
        random.NextBytes(keys);
        random.NextBytes(values);
        return new PageSnapshot(64, keys, values, Floats(random, 256));
    }

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static long Size(string root) => new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
