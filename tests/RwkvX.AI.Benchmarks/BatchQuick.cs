using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>Many conversations that write at once: <c>batch [streams] [tokens of history] [only this many]</c>. Steps of one stream and of all take turns.</summary>
internal static class BatchQuick
{
    private const int Rounds = 15, Steps = 12;

    public static void Run(string[] args)
    {
        int streams = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 64;
        int history = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1000;
        using ModelFiles files = ModelFiles.OpenDefault();
        using CpuModel model = CpuModel.Load(files);
        Console.WriteLine($"{model.Engine.Description}; {streams} streams after {history} tokens");
        Random random = new(1);
        RwkvXState[] states = [.. Enumerable.Range(0, streams).Select(_ => model.CreateState())];
        foreach (RwkvXState state in states) model.Forward(state, Ids(random, history), Memory<float>.Empty);
        float[][] logits = [.. states.Select(_ => new float[model.Config.VocabSize])];
        foreach (int count in args.Length > 2 ? [int.Parse(args[2], CultureInfo.InvariantCulture)] : new[] { 2, 4, 8, 16, 32, streams }.Where(count => count <= streams).Distinct())
        {
            double[] one = new double[Rounds], all = new double[Rounds];
            for (int round = 0; round < Rounds; round++)
            {
                one[round] = Step(model, states[..1], logits, random);
                all[round] = Step(model, states[..count], logits, random);
            }

            double ratio = one.Zip(all, (single, batch) => count * single / batch).Order().ElementAt(Rounds / 2);
            Console.WriteLine($"{count,3} streams: {all.Min():F2} ms a step, {1000 * count / all.Min():F0} tok/s; one alone {1000 / one.Min():F0} tok/s; {ratio:F2} x (median of the rounds' ratios)");
        }

        Array.ForEach(states, state => state.Dispose());
    }

    private static double Step(CpuModel model, RwkvXState[] states, float[][] logits, Random random)
    {
        double best = double.MaxValue;
        for (int step = 0; step < Steps; step++)
        {
            ForwardItem[] items = [.. states.Select((state, i) => new ForwardItem(state, Ids(random, 1), logits[i]))];
            long begun = Stopwatch.GetTimestamp();
            model.Forward(items);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return best;
    }

    private static int[] Ids(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(1, 4096))];
}
