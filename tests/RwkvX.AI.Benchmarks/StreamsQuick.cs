using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Generation;
using RwkvX.AI.Generation.Scheduling;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>
/// Many streams over one engine, beside one: <c>streams [MODEL] [streams] [prompt tokens] [tokens]</c>. Total speed, in turn with one stream's, gaps
/// between the tokens of a stream while long prompts keep arriving, whether every stream wrote what it writes alone, and what the scheduler costs.
/// </summary>
internal sealed class StreamsQuick(CpuModel model, int streams, int longPrompt, int tokens)
{
    private const int PromptTokens = 64, Rounds = 3, Laps = 21, LapTokens = 8;

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
        await InTurnAsync();
        int[][] alone = new int[streams][];
        for (int round = 0; round < Rounds; round++) // in turn, since other work on the machine comes and goes
        {
            Direct(round);
            List<double> gaps = [];
            for (int i = round * streams / Rounds; i < (round + 1) * streams / Rounds; i++)
            {
                alone[i] = await WriteAsync(i, gaps, static () => { });
            }

            Report("one stream", 1000 / gaps.Average(), gaps);
            await TogetherAsync(alone, round, withPrompts: false);
        }

        for (int round = 0; round < Rounds; round++)
        {
            await TogetherAsync(alone, round, withPrompts: true);
        }
    }

    /// <summary>One stream and all of them take turns of some tokens: both see the machine as it is at the time.</summary>
    private async Task InTurnAsync()
    {
        RwkvXState[] states = [.. Enumerable.Range(0, streams).Select(_ => model.CreateState())];
        TokenGenerator[] writers = [.. states.Select((state, i) => new TokenGenerator(PassScheduler.For(model), state, Options(i)))];
        await Task.WhenAll(writers.Select((writer, i) => writer.PrefillAsync(Ids(i, PromptTokens), isLast: true, CancellationToken.None).AsTask()));
        double[] one = new double[Laps], all = new double[Laps];
        for (int lap = -2; lap < Laps; lap++) // two to warm up
        {
            double single = await SpeedAsync(writers[..1], streams / 2), together = await SpeedAsync(writers, LapTokens);
            if (lap >= 0)
            {
                (one[lap], all[lap]) = (single, together);
            }
        }

        double[] ratios = [.. one.Zip(all, static (single, together) => together / single).Order()];
        Console.WriteLine($"one stream {one.Order().ElementAt(Laps / 2):F0} tok/s, {streams} streams {all.Order().ElementAt(Laps / 2):F0} tok/s (medians of {Laps} turns)");
        Console.WriteLine($"{streams} streams: {ratios[Laps / 2]:F2} x one stream (median of the turns' ratios; half of them in {ratios[Laps / 4]:F2}-{ratios[3 * Laps / 4]:F2})");
        Array.ForEach(writers, static writer => writer.Dispose());
        Array.ForEach(states, static state => state.Dispose());
    }

    private static async Task<double> SpeedAsync(TokenGenerator[] writers, int count)
    {
        long begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(writers.Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < count; i++)
            {
                await writer.NextAsync(int.MaxValue, CancellationToken.None).ConfigureAwait(false);
            }
        })));
        return writers.Length * (double)count / Stopwatch.GetElapsedTime(begun).TotalSeconds;
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

    private async Task TogetherAsync(int[][] alone, int round, bool withPrompts)
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
