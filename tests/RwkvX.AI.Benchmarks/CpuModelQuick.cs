using System.Diagnostics;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Cpu;
using RwkvX.AI.Models;

namespace RwkvX.AI.Benchmarks;

/// <summary>Figures of a model in seconds: <c>cpu-model PATH [threads]</c>. Best of several rounds, in wall time and processor time.</summary>
internal static class CpuModelQuick
{
    private const int Rounds = 8, Decoded = 200, Prefilled = 2048, ShortContext = 2_000, LongContext = 100_000;

    public static void Run(string path, int threads)
    {
        using ModelFiles files = ModelFiles.Open(path);
        using CpuModel model = CpuModel.Load(files, new CpuModelOptions { Threads = threads });
        Console.WriteLine(model.Engine);
        Random random = new(1);
        int[] tokens = [.. Enumerable.Range(0, LongContext).Select(_ => random.Next(1, model.Config.VocabSize))];
        float[] logits = new float[model.Config.VocabSize];
        using RwkvXState empty = model.CreateState(), shorter = model.CreateState(), longer = model.CreateState();
        model.Forward(shorter, tokens.AsMemory(0, ShortContext), logits);
        Measure("prefill", Prefilled, empty, state => model.Forward(state, tokens.AsMemory(0, Prefilled), logits));
        void Decode(RwkvXState state)
        {
            for (int t = 0; t < Decoded; t++)
                model.Forward(state, tokens.AsMemory(t, 1), logits);
        }

        model.Forward(longer, tokens, Memory<float>.Empty);
        for (int i = 0; i < 2; i++) // in turn, since other work on the machine comes and goes
        {
            Measure($"decode at {ShortContext}", Decoded, shorter, Decode);
            Measure($"decode at {LongContext}", Decoded, longer, Decode);
        }
    }

    private static void Measure(string name, int tokens, RwkvXState from, Action<RwkvXState> run)
    {
        double wall = double.MaxValue, processor = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            using RwkvXState state = from.Fork();
            long started = Stopwatch.GetTimestamp();
            TimeSpan startedCpu = Environment.CpuUsage.TotalTime;
            run(state);
            wall = Math.Min(wall, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            processor = Math.Min(processor, (Environment.CpuUsage.TotalTime - startedCpu).TotalMilliseconds);
        }

        Console.WriteLine($"{name}: {tokens / wall * 1000:F0} tok/s, {wall / tokens:F3} ms a token ({processor / tokens:F3} ms of processor time)");
    }
}
