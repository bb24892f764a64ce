using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;

namespace RwkvX.AI.Benchmarks;

/// <summary>A conversation of the embedded model from disk to its first new token: <c>reopen FOLDER [tokens]</c>.</summary>
internal static class ReopenQuick
{
    private const int Rounds = 5;
    private static readonly StateBinding Binding = new("model", "tokenizer", "template");
    private static readonly ConversationKey Key = new("t", "long");

    public static void Run(string folder, int tokens) => RunAsync(folder, tokens).GetAwaiter().GetResult();

    private static async Task RunAsync(string folder, int tokens)
    {
        string root = Path.Combine(folder, $"reopen-{Guid.NewGuid():n}");
        try
        {
            using ModelFiles files = ModelFiles.OpenDefault();
            using CpuModel model = CpuModel.Load(files);
            double reading = await Fill(root, model, tokens);
            for (int round = 0; round < Rounds; round++) await Reopen(root, model, tokens, reading);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<double> Fill(string root, CpuModel model, int tokens)
    {
        Random random = new(1);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(1, model.Config.VocabSize))];
        using RwkvXState state = model.CreateState();
        long begun = Stopwatch.GetTimestamp();
        model.Forward(state, ids, Memory<float>.Empty);
        double reading = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        await using IConversationWriter writer = await store.CreateAsync(Key, Binding);
        await writer.AppendAsync([new TokensRecord(ids)]);
        await Put(writer, model, state, $"state of {tokens} tokens");
        foreach (int turn in new[] { 60, 60 })
        {
            model.Forward(state, ids.AsMemory(0, turn), Memory<float>.Empty);
            await writer.AppendAsync([new TokensRecord(ids.AsMemory(0, turn))]);
            await Put(writer, model, state, $"the same after {turn} tokens more");
        }

        return reading;
    }

    private static async Task Put(IConversationWriter writer, CpuModel model, RwkvXState state, string what)
    {
        long begun = Stopwatch.GetTimestamp();
        StateSnapshot snapshot = model.Export(state);
        double export = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        await writer.PutSnapshotAsync(snapshot);
        snapshot.Lease?.Dispose();
        Console.WriteLine($"{what}: exported in {export:F1} ms, stored in {Stopwatch.GetElapsedTime(begun).TotalMilliseconds - export:F1} ms");
    }

    private static async Task Reopen(string root, CpuModel model, int tokens, double reading)
    {
        float[] logits = new float[model.Config.VocabSize];
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long begun = Stopwatch.GetTimestamp();
        await using IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = root });
        double opened = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        RwkvXState state;
        using (StoredState stored = await store.OpenAsync(Key, Binding)) state = model.Import(stored.Snapshot!);
        double imported = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        model.Forward(state, new[] { 7 }, logits);
        double first = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        processor = Environment.CpuUsage.TotalTime - processor;
        model.Forward(state, new[] { 8 }, logits);
        double second = Stopwatch.GetElapsedTime(begun).TotalMilliseconds - first;
        PageUsage usage = state.GetPageUsage();
        Console.WriteLine($"{tokens} tokens: store {opened:F1} ms, state {imported - opened:F1}, first token {first - imported:F1}, in all {first:F1} ms ({processor.TotalMilliseconds:F0} of processor time; a later token {second:F2}); "
            + $"reading it took {reading:F0} ms, {reading / first:F0} x; {usage.BytesIn(PageLocation.Memory) >> 20} of {(usage.BytesIn(PageLocation.Memory) + usage.BytesIn(PageLocation.Store)) >> 20} MiB of pages were looked at");
        state.Dispose();
    }
}
