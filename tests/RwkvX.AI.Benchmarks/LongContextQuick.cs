using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// One conversation of the embedded model that grows: <c>long-context [tokens] [MiB of memory for pages] [folder] [compare]</c>. Prints the curve
/// of speed, bytes and memory; with <c>compare</c> runs it again without a budget and compares the logits after a question, bit for bit.
/// </summary>
internal static class LongContextQuick
{
    private const int Span = 4096, Steps = 32, Rounds = 15, ShortContext = 10_000;

    public static void Run(string[] args)
    {
        int tokens = Number(args, 0, 1_000_000), budget = Number(args, 1, 512);
        string? folder = args.Length > 2 ? args[2] : null;
        Console.WriteLine($"budget of {budget} MiB for pages; tokens are random, which leaves the choice of chunks no order to use");
        float[] bounded = Grow(tokens, (long)budget << 20, folder);
        if (!args.Contains("compare")) return;
        Console.WriteLine("without a budget");
        float[] free = Grow(tokens, null, folder);
        int different = bounded.Zip(free).Count(pair => BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
        Console.WriteLine($"logits of the question: {different} of {free.Length} differ");
    }

    private static float[] Grow(int tokens, long? budget, string? folder)
    {
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { PageMemoryBytes = budget, PageFolder = folder });
        Random random = new(1);
        using RwkvXState state = model.CreateState();
        RwkvXState? early = null;
        Console.WriteLine("tokens      read tok/s   step ms   MB read a step (weights + pages and means)   anonymous MB   pages MB in memory / on disk");
        List<double> full = []; // anonymous MB once the budget was reached
        int[] points = [.. new[] { 2_000, ShortContext, 30_000, 100_000, 200_000, 300_000, 500_000, 700_000, 1_000_000 }.Where(point => point < tokens), tokens];
        foreach (int point in points)
        {
            long begun = Stopwatch.GetTimestamp(), before = state.TokenCount;
            while (state.TokenCount < point)
                model.Forward(state, Ids(random, (int)Math.Min(Span, point - state.TokenCount)), Memory<float>.Empty);
            double speed = (point - before) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
            (double milliseconds, double bytes) = Decode(model, state);
            Print(model, state, point, speed, milliseconds, bytes);
            if (model.Pages.MovedDown > 0) full.Add(AnonymousBytes() / 1e6);
            if (point == ShortContext) early = state.Fork();
        }

        if (full.Count > 0) Console.WriteLine($"resident memory without file mappings once the budget was reached: {full.Min():F0} to {full.Max():F0} MB at {full.Count} points, {full[^1] - full[0]:+0;-0;0} MB from the first to the last");
        if (early is not null) Compare(model, early, state);
        early?.Dispose();
        float[] logits = new float[model.Config.VocabSize];
        model.Forward(state, Ids(new Random(2), 50), logits);
        return logits;
    }

    /// <summary>Short and long in turn: what other work on the machine does, it does to both.</summary>
    private static void Compare(CpuModel model, RwkvXState early, RwkvXState state)
    {
        double[] shorter = new double[Rounds], longer = new double[Rounds];
        double shortBytes = 0, longBytes = 0;
        for (int round = 0; round < Rounds; round++)
        {
            (shorter[round], shortBytes) = Decode(model, early);
            (longer[round], longBytes) = Decode(model, state);
        }

        double time = longer.Zip(shorter, (l, s) => l / s).Order().ElementAt(Rounds / 2), bytes = longBytes / shortBytes;
        Console.WriteLine($"in turn, {Rounds} rounds: {early.TokenCount} tokens {shorter.Min():F3} ms, {state.TokenCount} tokens {longer.Min():F3} ms");
        Console.WriteLine($"bytes a step {shortBytes / 1e6:F2} and {longBytes / 1e6:F2} MB, ratio {bytes:F3}; time, median of the rounds' ratios {time:F3}, of the best {longer.Min() / shorter.Min():F3}: {time / bytes:F3} x the ratio of bytes (bar 1.15)");
        long means = state.TokenCount / model.Config.MobaChunkSize * model.Config.SparseLayerCount * model.Config.EmbeddingSize * 4L;
        Console.WriteLine($"with a full scan of the means a step would read {(longBytes / 1e6) + (means / 1e6):F2} MB or so, ratio {(longBytes + means) / shortBytes:F3}");
    }

    /// <summary>Steps on a fork, so that the state stays as it is.</summary>
    private static (double Milliseconds, double Bytes) Decode(CpuModel model, RwkvXState state)
    {
        using RwkvXState fork = state.Fork();
        float[] logits = new float[model.Config.VocabSize];
        Random random = new(3);
        model.Forward(fork, Ids(random, 1), logits); // copies the page that both would write to
        long read = model.Pages.BytesRead, begun = Stopwatch.GetTimestamp();
        for (int step = 0; step < Steps; step++)
        {
            model.Forward(fork, Ids(random, 1), logits);
        }

        double milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds / Steps;
        return (milliseconds, model.Engine.WeightBytes + ((double)(model.Pages.BytesRead - read) / Steps));
    }

    private static void Print(CpuModel model, RwkvXState state, int tokens, double speed, double milliseconds, double bytes)
    {
        PageUsage usage = state.GetPageUsage();
        double weights = model.Engine.WeightBytes / 1e6;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{tokens,9}   {speed,8:F0}   {milliseconds,8:F3}   {bytes / 1e6,6:F2} ({weights:F2} + {(bytes / 1e6) - weights:F2})   {AnonymousBytes() / 1e6,8:F0}   {usage.BytesIn(PageLocation.Memory) / 1e6,8:F0} / {usage.BytesIn(PageLocation.Disk) / 1e6:F0}"));
    }

    /// <summary>Resident memory apart from file mappings; where the system does not tell, all of it.</summary>
    private static long AnonymousBytes()
    {
        if (!OperatingSystem.IsLinux()) return Environment.WorkingSet;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static int[] Ids(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(1, 4096))];

    private static int Number(string[] args, int index, int other) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : other;
}
