using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.AI;
using RwkvX.AI.Chat;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Memory;
using RwkvX.AI.Sessions.Stores;
using RwkvX.AI.Storage;
using RwkvX.AI.Tokenization;

namespace RwkvX.AI.Benchmarks;

/// <summary>Figures of the memory over the embedded model and a file store: <c>memory FOLDER forks|turns|reopen [tokens or turns]</c>.</summary>
internal static class MemoryQuick
{
    private const int Forks = 1000;
    private static readonly ConversationKey Document = new("t", "document");

    public static void Run(string folder, string part, int? size) => RunAsync(folder, part, size).GetAwaiter().GetResult();

    private static async Task RunAsync(string folder, string part, int? size)
    {
        string root = Path.Combine(folder, $"memory-{Guid.NewGuid():n}");
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files);
        using Stream vocabulary = files.OpenVocabulary()!;
        Bench bench = new(root, model, WorldTokenizer.Load(vocabulary));
        Console.WriteLine(model.Engine);
        try
        {
            if (part is "forks") await MeasureForks(bench, size ?? 64_000);
            else if (part is "turns") await MeasureTurns(bench, size ?? 1000);
            else await MeasureReopening(bench, size ?? 100_000);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>A fork must cost its name, and a state in use its recurrent part.</summary>
    private static async Task MeasureForks(Bench bench, int tokens)
    {
        using OpenedMemory opened = bench.Open(residentBytes: 16L << 30);
        RwkvXMemory memory = opened.Memory;
        await Read(bench, memory, tokens);
        for (int i = 0; i < 20; i++) await memory.ForkAsync(Document, new ConversationKey("t", $"warm{i}"));
        long disk = bench.Size();
        List<double> times = [];
        for (int i = 0; i < Forks; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await memory.ForkAsync(Document, new ConversationKey("t", $"fork{i}"));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Console.WriteLine($"{Forks} durable forks: mean {times.Average():F2} ms, median {Median(times):F2} ms, {(bench.Size() - disk) / Forks} bytes of disk each");
        GC.Collect();
        (long resident, long counted) = (ResidentSet(), memory.ResidentBytes);
        times.Clear();
        List<ConversationEdit> edits = [];
        long recurrent = 0;
        for (int i = 0; i < Forks; i++)
        {
            long started = Stopwatch.GetTimestamp();
            edits.Add(await memory.States.BeginAsync(new ConversationKey("t", $"fork{i}"), create: false, CancellationToken.None));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            recurrent += edits[^1].State.RecurrentBytes;
        }

        double each = (ResidentSet() - resident) / (double)Forks / 1024, own = recurrent / (double)Forks / 1024;
        Console.WriteLine($"{Forks} forks in use: mean {times.Average():F2} ms to take up, {each:F0} KiB of resident memory each: {each - own:F0} KiB beside the recurrent state of {own:F0} KiB (counted in all: {(memory.ResidentBytes - counted) / 1024} KiB)");
        foreach (ConversationEdit edit in edits) await edit.DisposeAsync();
    }

    /// <summary>Turn 1,000 must cost what turn 10 does.</summary>
    private static async Task MeasureTurns(Bench bench, int turns)
    {
        using OpenedMemory opened = bench.Open();
        using RwkvXChatClient client = new(bench.Model, bench.Tokenizer, new RwkvXOptions { StateStore = opened.Store, Tenant = "t" });
        List<(double Total, double Answer, double Processor, long Tokens)> figures = [];
        ChatOptions options = new() { Temperature = 0.8f, Seed = 1, MaxOutputTokens = 24, AdditionalProperties = new() { ["rwkvx.store"] = true } };
        for (int turn = 0; turn < turns; turn++)
        {
            long started = Stopwatch.GetTimestamp();
            TimeSpan used = Environment.CpuUsage.TotalTime;
            ChatResponse response = await client.GetResponseAsync(new ChatMessage(ChatRole.User, $"Tell me about thing {turn % 10}, please."), options);
            double total = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            double storing = (double)response.AdditionalProperties!["rwkvx.store_ms"]!;
            UsageDetails usage = response.Usage!;
            figures.Add((total, total - storing, (Environment.CpuUsage.TotalTime - used).TotalMilliseconds, (usage.InputTokenCount - usage.CachedInputTokenCount + usage.OutputTokenCount)!.Value));
            options.ConversationId = response.ConversationId;
        }

        foreach (int from in (int[])[10, 100, 300, 500, 700, turns - 100])
        {
            if (from < 10 || from + 100 > turns) continue;
            List<(double Total, double Answer, double Processor, long Tokens)> part = figures[from..(from + 100)];
            Console.WriteLine(
                $"turns {from}-{from + 99}: {Median(part.ConvertAll(f => f.Total / f.Tokens)):F3} ms a token in all, {Median(part.ConvertAll(f => f.Answer / f.Tokens)):F3} without storing, {Median(part.ConvertAll(f => f.Processor / f.Tokens)):F3} of processor time; "
                + $"{part.Average(f => f.Total):F1} ms a turn, storing {part.Average(f => f.Total - f.Answer):F1}, {part.Average(f => (double)f.Tokens):F1} tokens processed");
        }
    }

    /// <summary>What stands between a closed store and the first new token.</summary>
    private static async Task MeasureReopening(Bench bench, int tokens)
    {
        double reading;
        using (OpenedMemory opened = bench.Open())
        {
            reading = await Read(bench, opened.Memory, tokens);
        }

        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 2, ConversationId = Document.Name };
        List<double> alls = [];
        for (int round = 0; round < 5; round++)
        {
            long started = Stopwatch.GetTimestamp();
            using OpenedMemory opened = bench.Open();
            double open = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            using RwkvXChatClient client = new(bench.Model, bench.Tokenizer, new RwkvXOptions { StateStore = opened.Store, Tenant = "t" });
            string hash = client.GetRequiredService<IRwkvXMemory>().Binding.Model; // of the load, not of the reopening
            double first = 0, last = 0, processor = 0;
            TimeSpan used = Environment.CpuUsage.TotalTime;
            AdditionalPropertiesDictionary? facts = null;
            started = Stopwatch.GetTimestamp();
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(new ChatMessage(ChatRole.User, "Who?"), options))
            {
                if (first == 0) (first, processor) = (Stopwatch.GetElapsedTime(started).TotalMilliseconds, (Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
                facts = update.AdditionalProperties ?? facts;
            }

            last = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            alls.Add(open + first);
            Console.WriteLine(
                $"store opened {open:F0} ms, first token after {first:F0} ms more, {processor:F0} ms of processor time (state from the {facts!["rwkvx.restored_from"]} in {facts["rwkvx.restore_ms"]:F0} ms, {facts["rwkvx.replayed_tokens"]} tokens replayed; question of {bench.Tokenizer.Encode("User: Who?\n\nAssistant:").Length} tokens), whole turn {last:F0} ms; model {hash[..8]}");
        }

        Console.WriteLine($"reopened {tokens} tokens to the first new token: best {alls.Min():F0} ms, median {Median(alls):F0} ms; reading them took {reading / 1000:F1} s, {reading / alls.Min():F0} x as long");
    }

    private static async Task<double> Read(Bench bench, RwkvXMemory memory, int tokens)
    {
        string text = bench.Text(tokens);
        long started = Stopwatch.GetTimestamp();
        AppendResult result = await memory.AppendAsync(Document, text, new AppendOptions { CreateIfMissing = true });
        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Console.WriteLine($"{result.Tokens} tokens read and stored in {milliseconds / 1000:F1} s ({result.Tokens / milliseconds * 1000:F0} tok/s)");
        return milliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static long ResidentSet()
    {
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    /// <summary>A store's folder and a model.</summary>
    private sealed record Bench(string Root, CpuModel Model, WorldTokenizer Tokenizer)
    {
        public OpenedMemory Open(long? residentBytes = null)
        {
            IStateStore store = FileStateStore.Open(new FileStateStoreOptions { Root = Root });
            return new OpenedMemory(store, new RwkvXMemory(Model, Tokenizer, store, new RwkvXMemoryOptions { ResidentBytes = residentBytes }));
        }

        public long Size() => new DirectoryInfo(Root).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

        /// <summary>Plain sentences of about so many tokens.</summary>
        public string Text(int tokens)
        {
            Random random = new(1);
            string[] words = ["the", "boat", "was", "old", "and", "grey", "in", "harbour", "a", "woman", "saw", "her", "brother", "on", "stairs", "with", "red", "door"];
            System.Text.StringBuilder text = new();
            for (int count = 0; count < tokens;)
            {
                string sentence = string.Create(CultureInfo.InvariantCulture, $"On day {random.Next(10_000)} {string.Join(' ', Enumerable.Range(0, 12).Select(_ => words[random.Next(words.Length)]))}.\n");
                count += Tokenizer.Encode(sentence).Length;
                text.Append(sentence);
            }

            return text.ToString();
        }
    }

    private sealed record OpenedMemory(IStateStore Store, RwkvXMemory Memory) : IDisposable
    {
        public void Dispose()
        {
            Memory.Dispose();
            Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
