using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// Many streams over one engine, beside one: <c>streams [MODEL] [streams] [prompt tokens]</c>. Total speed, gaps between the tokens of a stream
/// while long prompts keep arriving, and whether every stream wrote what it writes alone.
/// </summary>
internal sealed class StreamsQuick(CpuModel model, int streams, int longPrompt)
{
    private const int PromptTokens = 64, Tokens = 200, Rounds = 3;

    public static void Run(string[] args)
    {
        using ModelFiles files = args.Length > 0 && args[0] != "-" ? ModelFiles.Open(args[0]) : ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions());
        Console.WriteLine(model.Engine);
        StreamsQuick quick = new(model, args.Length > 1 ? int.Parse(args[1], null) : 64, args.Length > 2 ? int.Parse(args[2], null) : 4000);
        quick.RunAsync().GetAwaiter().GetResult();
    }

    private async Task RunAsync()
    {
        int[][] alone = new int[streams][];
        double one = 0, many = 0;
        for (int round = 0; round < Rounds; round++) // in turn, since other work on the machine comes and goes
        {
            List<double> gaps = [];
            double speed = 0;
            for (int i = round * streams / Rounds; i < (round + 1) * streams / Rounds; i++)
            {
                long begun = 0;
                alone[i] = await WriteAsync(i, gaps, () => begun = Stopwatch.GetTimestamp());
                speed = Math.Max(speed, (Tokens - 1) / Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }

            one = Math.Max(one, speed);
            Report("one stream", speed, gaps);
            many = Math.Max(many, await TogetherAsync(alone, round, withPrompts: false));
        }

        Console.WriteLine($"{streams} streams: {many / one:F2} x one stream");
        for (int round = 0; round < Rounds; round++)
        {
            await TogetherAsync(alone, round, withPrompts: true);
        }
    }

    private async Task<double> TogetherAsync(int[][] alone, int round, bool withPrompts)
    {
        using CancellationTokenSource done = new();
        using CountdownEvent ready = new(streams);
        List<double>[] gaps = [.. Enumerable.Range(0, streams).Select(_ => new List<double>())];
        long begun = 0;
        Task<int[]>[] tasks = [.. Enumerable.Range(0, streams).Select(i => Task.Run(() => WriteAsync(i, gaps[i], () =>
        {
            if (ready.Signal())
            {
                begun = Stopwatch.GetTimestamp(); // all have read their prompts
            }
        })))];
        Task<int> prompts = withPrompts ? PromptsAsync(round, ready, done.Token) : Task.FromResult(0);
        int[][] written = await Task.WhenAll(tasks);
        double speed = streams * (double)(Tokens - 1) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await done.CancelAsync();
        int read = await prompts;
        int equal = written.Where((ids, i) => alone[i] is null || ids.AsSpan().SequenceEqual(alone[i])).Count();
        Report(withPrompts ? $"{streams} streams, {read} tokens of prompts beside them" : $"{streams} streams", speed, [.. gaps.SelectMany(g => g)]);
        Console.WriteLine($"  worst stream: p99 {gaps.Max(g => Percentile(g, 0.99) / Percentile(g, 0.5)):F2} x its median; {equal} of {streams} as alone");
        return speed;
    }

    /// <summary>A long prompt, and the next one as soon as it is read.</summary>
    private async Task<int> PromptsAsync(int round, CountdownEvent ready, CancellationToken cancellationToken)
    {
        await Task.Run(ready.Wait, CancellationToken.None);
        int read = 0;
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            using RwkvXState state = model.CreateState();
            using ScheduledSequence sequence = PassScheduler.For(model).Open();
            try
            {
                await sequence.RunAsync(state, Ids(1000 + (100 * round) + i, longPrompt), default, cancellationToken);
            }
            catch (OperationCanceledException)
            {
            }

            read += (int)state.TokenCount;
        }

        return read;
    }

    private async Task<int[]> WriteAsync(int seed, List<double> gaps, Action onReady)
    {
        using RwkvXState state = model.CreateState();
        SamplingOptions options = new() { Temperature = 1, TopP = 0.9f, Seed = seed };
        using TokenGenerator generator = new(PassScheduler.For(model), state, options);
        await generator.PrefillAsync(Ids(seed, PromptTokens), isLast: true, CancellationToken.None).ConfigureAwait(false);
        int[] ids = new int[Tokens];
        long last = 0;
        for (int i = 0; i < Tokens; i++)
        {
            ids[i] = await generator.NextAsync(Tokens - i, CancellationToken.None).ConfigureAwait(false);
            long now = Stopwatch.GetTimestamp();
            if (i == 0)
            {
                onReady();
            }
            else
            {
                gaps.Add((now - last) * 1000.0 / Stopwatch.Frequency);
            }

            last = now;
        }

        return ids;
    }

    private int[] Ids(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1, model.Config.VocabSize))];
    }

    private static void Report(string name, double speed, List<double> gaps) => Console.WriteLine(
        $"{name}: {speed:F0} tok/s, gaps median {Percentile(gaps, 0.5):F2} ms, p99 {Percentile(gaps, 0.99):F2}, most {gaps.Max():F2}");

    private static double Percentile(List<double> values, double share)
    {
        List<double> sorted = [.. values.Order()];
        return sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];
    }
}
