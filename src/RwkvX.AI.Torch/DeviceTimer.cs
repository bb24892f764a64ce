using System.Diagnostics;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Cuda.Interop;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.States;

namespace RwkvX.AI.Torch;

/// <summary>Times work of a model on its device.</summary>
internal sealed class DeviceTimer(CudaModel model)
{
    /// <summary>Bytes read plus bytes written a second by a large copy on the device: the yardstick of every floor.</summary>
    public double CopyBandwidth()
    {
        model.Device.Use();
        long bytes = Math.Min(4L << 30, model.Device.Memory().Free / 3);
        using DeviceMemory memory = new(model.Device, 2 * bytes, "copy");
        model.Stream.Clear(memory.Address, 2 * bytes);
        double median = Times(12, () => model.Stream.Copy(memory.Address, memory.Address + (ulong)bytes, bytes)).Skip(2).Order().ElementAt(5);
        return 2 * bytes / median;
    }

    /// <summary>A state with so many tokens behind it, their pages filled with equal small numbers.</summary>
    public RwkvXState StateOf(int context)
    {
        CudaState state = (CudaState)model.CreateState();
        if (context == 0)
            return state;
        model.Device.Use();
        state.Reserve(context);
        foreach (Page page in state.Pages)
            CudaException.Check(CudaDriver.cuMemsetD8Async(page.Address, 0x3c, (nuint)state.Store.Shape.PageBytes, model.Stream.DangerousGetHandle()), "cuMemsetD8Async");
        model.Stream.Synchronize();
        state.Advance(context);
        return state;
    }

    /// <summary>Device time of a decoding step: median and best.</summary>
    public (double Median, double Best) Steps(RwkvXState[] states, int count)
    {
        model.Device.Use();
        StepPass pass = model.StepFor(states.Length);
        StepLane[] lanes = new StepLane[states.Length];
        double[] times = [.. Times(count + 10, () =>
        {
            for (int i = 0; i < lanes.Length; i++)
            {
                CudaState state = (CudaState)states[i];
                state.Reserve(1);
                lanes[i] = new StepLane(100 + i, (int)state.TokenCount, state.Recurrent, state.Table);
                state.Advance(1);
            }
            pass.Run(lanes, logits: false);
        }).Skip(10).Order()];
        return (times[times.Length / 2], times[0]);
    }

    /// <summary>Median time of a whole call that decodes one token of each sequence and chooses the next: what a caller waits for.</summary>
    /// <param name="states">The sequences.</param>
    /// <param name="sampling">How the tokens are chosen.</param>
    /// <param name="count">How many calls.</param>
    public double Calls(RwkvXState[] states, SamplingOptions sampling, int count)
    {
        Sampler[] samplers = [.. states.Select(_ => new Sampler(sampling, model.Config.VocabSize))];
        int[] tokens = [.. states.Select((_, i) => 100 + i)];
        ForwardItem[] items = [.. states.Select((s, i) => new ForwardItem(s, tokens.AsMemory(i, 1), Memory<float>.Empty))];
        return Median(count, () => ((ISamplingEngine)model).ForwardAndSample(items, samplers, tokens));
    }

    /// <summary>Median time of a whole call that gives all logits back instead.</summary>
    public double LogitCalls(RwkvXState[] states, int count)
    {
        ForwardItem[] items = [.. states.Select((s, i) => new ForwardItem(s, new int[] { 100 + i }, new float[model.Config.VocabSize]))];
        return Median(count, () => model.Forward(items));
    }

    /// <summary>Time of a prompt from an empty state to the token after it, the last of some runs.</summary>
    public double Prefill(int tokens, int runs)
    {
        int[] prompt = Prompt(tokens);
        double seconds = 0;
        for (int run = 0; run < runs; run++)
        {
            using RwkvXState state = model.CreateState();
            Stopwatch watch = Stopwatch.StartNew();
            Sampler greedy = new(new SamplingOptions { Temperature = 0 }, model.Config.VocabSize);
            ((ISamplingEngine)model).ForwardAndSample([new ForwardItem(state, prompt, Memory<float>.Empty)], [greedy], new int[1]);
            seconds = watch.Elapsed.TotalSeconds;
        }
        return seconds;
    }

    /// <summary>Time of a prompt, and of its first and last pass, once the device has read prompts of its length for some seconds: clocks fall under load.</summary>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="load">Seconds of reading at least; the last run counts.</param>
    public (double Seconds, double FirstPass, double LastPass) SteadyPrefill(int tokens, double load)
    {
        int[] prompt = Prompt(tokens);
        float[] logits = new float[model.Config.VocabSize];
        int span = model.Engine.PrefillSpan;
        double[] passes = new double[(tokens + span - 1) / span];
        Stopwatch all = Stopwatch.StartNew();
        do
        {
            using RwkvXState state = model.CreateState();
            for (int i = 0; i < passes.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                model.Forward(state, prompt.AsMemory(i * span, Math.Min(span, tokens - (i * span))), i == passes.Length - 1 ? logits : Memory<float>.Empty);
                passes[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
        while (all.Elapsed.TotalSeconds < load);
        return (passes.Sum(), passes[0], passes[^1]);
    }

    private int[] Prompt(int tokens)
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, tokens).Select(_ => random.Next(1, model.Config.VocabSize))];
    }

    private static double Median(int count, Action action)
    {
        double[] times = new double[count + 5];
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        return times.Skip(5).Order().ElementAt(count / 2);
    }

    private double[] Times(int count, Action action)
    {
        using CudaEvent start = new(), end = new();
        double[] times = new double[count];
        for (int i = 0; i < count; i++)
        {
            start.Record(model.Stream);
            action();
            end.Record(model.Stream);
            end.Synchronize();
            times[i] = end.MillisecondsSince(start) * 1e-3;
        }
        return times;
    }
}
