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
            pass.Run(lanes, capture: true, logits: false);
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
        int[] prompt = new int[tokens];
        Random random = new(1);
        for (int i = 0; i < tokens; i++)
            prompt[i] = random.Next(1, model.Config.VocabSize);
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
