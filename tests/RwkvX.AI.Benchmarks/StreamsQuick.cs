using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// Many streams over one engine, beside one: <c>streams [MODEL] [streams] [prompt tokens] [tokens]</c>. Total speed, gaps between the tokens of
/// a stream while long prompts keep arriving, whether every stream wrote what it writes alone, and what the scheduler costs a stream that is alone.
/// </summary>
internal sealed class StreamsQuick(CpuModel model, int streams, int longPrompt, int tokens)
{
    private const int PromptTokens = 64, Rounds = 3;

    public static void Run(string[] args)
    {
        int Number(int index, int otherwise) => args.Length > index ? int.Parse(args[index], null) : otherwise;
        using ModelFiles files = args.Length > 0 && args[0] != "-" ? ModelFiles.Open(args[0]) : ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions());
        Console.WriteLine(model.Engine);
        new StreamsQuick(model, Number(1, 64), Number(2, 4000), Number(3, 100)).RunAsync().GetAwaiter().GetResult();
    }

    private async Task RunAsync()
    {
        int[][] alone = new int[streams][];
        double one = 0, many = 0;
        for (int round = 0; round < Rounds; round++) // in turn, since other work on the machine comes and goes
        {
            Direct(round);
            List<double> gaps = [];
            double speed = 0;
            for (int i = round * streams / Rounds; i < (round + 1) * streams / Rounds; i++)
            {
                long begun = 0;
                alone[i] = await WriteAsync(i, gaps, () => begun = Stopwatch.GetTimestamp());
                speed = Math.Max(speed, (tokens - 1) / Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }

            one = Math.Max(one, speed);
            Report("one stream (best)", speed, gaps);
            many = Math.Max(many, await TogetherAsync(alone, round, withPrompts: false));
        }

        Console.WriteLine($"{streams} streams: {many / one:F2} x one stream (best of {Rounds} rounds each)");
        for (int round = 0; round < Rounds; round++)
        {
            await TogetherAsync(alone, round, withPrompts: true);
        }
    }

    /// <summary>The same work in a plain loop over the engine: what the scheduler is compared with.</summary>
    private void Direct(int seed)
    {
        using RwkvXState state = model.CreateState();
        Sampler sampler = new(Options(seed), model.Config.VocabSize);
        float[] logits = new float[model.Config.VocabSize];
        int[] next = new int[1];
        List<double> gaps = [];
        model.Forward(state, Ids(seed, PromptTokens), logits);
        long begun = Stopwatch.GetTimestamp(), last = begun;
        for (int i = 0; i < tokens; i++)
        {
            next[0] = sampler.Sample(logits);
            model.Forward(state, next, logits);
            long now = Stopwatch.GetTimestamp();
            gaps.Add((now - last) * 1000.0 / Stopwatch.Frequency);
            last = now;
        }

        Report("plain loop", tokens / Stopwatch.GetElapsedTime(begun).TotalSeconds, gaps);
    }

    private async Task<double> TogetherAsync(int[][] alone, int round, bool withPrompts)
    {
        using CancellationTokenSource done = new();
        using CountdownEvent ready = new(streams);
        List<double>[] gaps = [.. Enumerable.Range(0, streams).Select(_ => new List<double>())];
        long begun = 0;
        TimeSpan processor = default;
        Task<int[]>[] tasks = [.. Enumerable.Range(0, streams).Select(i => Task.Run(() => WriteAsync(i, gaps[i], () =>
        {
            if (ready.Signal())
            {
                (begun, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime); // all have read their prompts
            }
        })))];
        Task<int> prompts = withPrompts ? PromptsAsync(round, ready, done.Token) : Task.FromResult(0);
        int[][] written = await Task.WhenAll(tasks);
        double speed = streams * (double)(tokens - 1) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        processor = Environment.CpuUsage.TotalTime - processor;
        await done.CancelAsync();
        int read = await prompts;
        int compared = alone.Count(ids => ids is not null), equal = written.Where((ids, i) => ids.AsSpan().SequenceEqual(alone[i])).Count();
        Report(withPrompts ? $"{streams} streams, {read} tokens of prompts beside them" : $"{streams} streams", speed, [.. gaps.SelectMany(g => g)]);
        double worst = gaps.Max(g => Percentile(g, 0.99) / Percentile(g, 0.5));
        Console.WriteLine($"  worst stream: p99 {worst:F2} x its median; {equal} of {compared} as alone; {processor.TotalMilliseconds / (streams * (tokens - 1)):F3} ms of processor time a token");
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
        using TokenGenerator generator = new(PassScheduler.For(model), state, Options(seed));
        await generator.PrefillAsync(Ids(seed, PromptTokens), isLast: true, CancellationToken.None).ConfigureAwait(false);
        int[] ids = new int[tokens];
        long last = 0;
        for (int i = 0; i < tokens; i++)
        {
            ids[i] = await generator.NextAsync(tokens - i, CancellationToken.None).ConfigureAwait(false);
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

    private static SamplingOptions Options(int seed) => new() { Temperature = 1, TopP = 0.9f, Seed = seed };

    private static void Report(string name, double speed, List<double> gaps) => Console.WriteLine(
        $"{name}: {speed:F0} tok/s, gaps least {gaps.Min():F2} ms, median {Percentile(gaps, 0.5):F2}, p99 {Percentile(gaps, 0.99):F2}, most {gaps.Max():F2}");

    private static double Percentile(List<double> values, double share)
    {
        List<double> sorted = [.. values.Order()];
        return sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];
    }
}
