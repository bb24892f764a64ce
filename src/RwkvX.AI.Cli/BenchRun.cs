using System.Diagnostics;
using RwkvX.AI.Models;

namespace RwkvX.AI.Cli;

/// <summary>Measures engines of one model beside the machine's read bandwidth.</summary>
/// <remarks>
/// Machines are noisy: bandwidth and every engine take turns in short rounds. Medians of the rounds are compared, and the best is told;
/// between histories the best are compared, since a preempted step says nothing of the history.
/// </remarks>
/// <param name="engines">Engines of the same model by the name of their weights' form.</param>
/// <param name="effort">How long to measure.</param>
/// <param name="report">Called with the share of the work done.</param>
/// <param name="cancellationToken">Acts between passes.</param>
internal sealed class BenchRun(
    IReadOnlyList<(string Name, IRwkvXModel Model)> engines, BenchEffort effort, Action<double> report, CancellationToken cancellationToken)
{
    private readonly Random _random = new(1);

    /// <summary>Whether <see cref="MeasureContexts"/> read its longest history.</summary>
    public bool ContextWasRead { get; private set; } = true;

    /// <summary>Best prefill speed of each engine, tokens a second.</summary>
    public double[] MeasurePrefill()
    {
        double[] best = new double[engines.Count];
        for (int i = 0; i < engines.Count; i++)
        {
            Time(engines[i].Model, RandomIds(engines[i].Model, 64)); // compiles the kernels
            for (int run = 0; run < effort.PrefillRuns; run++)
            {
                double seconds = Time(engines[i].Model, RandomIds(engines[i].Model, effort.PrefillTokens));
                best[i] = Math.Max(best[i], effort.PrefillTokens / seconds);
                report(0.2 * ((i * effort.PrefillRuns) + run + 1) / (engines.Count * effort.PrefillRuns));
            }
        }

        return best;
    }

    /// <summary>Read bandwidth and decoding speed of each engine, round by round.</summary>
    public (double[] Bandwidth, double[][] Decode) MeasureDecode(ReadBandwidth bandwidth)
    {
        double[] reads = new double[effort.Rounds];
        double[][] decodes = [.. engines.Select(_ => new double[effort.Rounds])];
        RwkvXState[] states = [.. engines.Select(engine => Read(engine.Model, 64))];
        bandwidth.Measure();
        for (int i = 0; i < engines.Count; i++) StepsPerSecond(engines[i].Model, states[i], effort.WarmUpSeconds);
        for (int round = 0; round < effort.Rounds; round++)
        {
            reads[round] = bandwidth.Measure();
            for (int i = 0; i < engines.Count; i++) decodes[i][round] = StepsPerSecond(engines[i].Model, states[i], effort.RoundSeconds);
            report(0.2 + (0.3 * (round + 1) / effort.Rounds));
        }

        Array.ForEach(states, state => state.Dispose());
        return (reads, decodes);
    }

    /// <summary>Decoding after a short and a long history with the first engine, from rounds that take turns.</summary>
    /// <param name="prefill">The engine's prefill speed.</param>
    public List<BenchContext> MeasureContexts(double prefill)
    {
        IRwkvXModel model = engines[0].Model;
        ContextWasRead = effort.LongContext / prefill < effort.MaxReadSeconds;
        if (model.Config.SparseLayerCount == 0 && !ContextWasRead) return []; // no pages to repeat
        using RwkvXState shortState = Read(model, effort.ShortContext);
        using RwkvXState longState = ContextWasRead ? Read(model, effort.LongContext) : Repeat(model, effort.LongContext);
        double[] shortTimes = new double[effort.Rounds], longTimes = new double[effort.Rounds];
        StepsPerSecond(model, shortState, effort.RoundSeconds);
        StepsPerSecond(model, longState, effort.RoundSeconds);
        for (int round = 0; round < effort.Rounds; round++)
        {
            shortTimes[round] = 1000 / StepsPerSecond(model, shortState, effort.RoundSeconds);
            longTimes[round] = 1000 / StepsPerSecond(model, longState, effort.RoundSeconds);
            report(0.9 + (0.1 * (round + 1) / effort.Rounds));
        }

        return [new BenchContext(effort.ShortContext, shortTimes.Min()), new BenchContext(effort.LongContext, longTimes.Min())];
    }

    /// <summary>The middle value.</summary>
    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private double Time(IRwkvXModel model, int[] ids)
    {
        using RwkvXState state = model.CreateState();
        float[] logits = new float[model.Config.VocabSize];
        long begun = Stopwatch.GetTimestamp();
        model.Forward(state, ids, logits, cancellationToken);
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private double StepsPerSecond(IRwkvXModel model, RwkvXState state, double seconds)
    {
        float[] logits = new float[model.Config.VocabSize];
        int[] ids = RandomIds(model, 1);
        long begun = Stopwatch.GetTimestamp();
        int steps = 0;
        double elapsed;
        do
        {
            model.Forward(state, ids, logits, cancellationToken);
            ids[0] = _random.Next(1, model.Config.VocabSize);
            steps++;
            elapsed = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        }
        while (elapsed < seconds || steps < 3);
        return steps / elapsed;
    }

    private RwkvXState Read(IRwkvXModel model, int tokens)
    {
        RwkvXState state = model.CreateState();
        for (int left = tokens; left > 0; left -= effort.PrefillTokens)
        {
            model.Forward(state, RandomIds(model, Math.Min(left, effort.PrefillTokens)), default, cancellationToken);
            if (tokens == effort.LongContext) report(0.5 + (0.4 * (tokens - left) / tokens));
        }

        return state;
    }

    /// <summary>A state with the pages of one chunk, over and over: as many bytes to choose from and to read as a history has.</summary>
    private RwkvXState Repeat(IRwkvXModel model, int tokens)
    {
        int chunk = model.Config.MobaChunkSize, count = tokens / chunk;
        using RwkvXState one = Read(model, chunk);
        StateSnapshot snapshot = model.Export(one);
        return model.Import(new StateSnapshot
        {
            Config = snapshot.Config,
            TokenCount = (long)count * chunk,
            RwkvLayers = snapshot.RwkvLayers,
            SparseLayers = [.. snapshot.SparseLayers.Select(layer => layer with { Pages = [.. Enumerable.Repeat(layer.Pages[0], count)], Looks = [] })],
            PageType = snapshot.PageType,
        });
    }

    private int[] RandomIds(IRwkvXModel model, int count)
    {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) ids[i] = _random.Next(1, model.Config.VocabSize);
        return ids;
    }
}
