using System.Diagnostics;
using RwkvX.AI.Models;
using RwkvX.AI.Torch.Cuda;
using RwkvX.AI.Torch.Cuda.Interop;
using RwkvX.AI.Torch.Passes;
using RwkvX.AI.Torch.States;

namespace RwkvX.AI.Torch.Benchmarks;

/// <summary>Times work of a model on its device.</summary>
internal sealed class DeviceTimer(CudaModel model)
{
    /// <summary>Bytes read plus bytes written a second by a large copy on the device: the yardstick of every floor.</summary>
    public double CopyBandwidth()
    {
        const long Bytes = 4L << 30;
        model.Device.Use();
        using DeviceMemory memory = new(model.Device, 2 * Bytes, "copy");
        model.Stream.Clear(memory.Address, 2 * Bytes);
        double best = Times(12, () => model.Stream.Copy(memory.Address, memory.Address + Bytes, Bytes)).Skip(2).Order().ElementAt(5);
        return 2 * Bytes / best;
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

    /// <summary>Median time of a whole call that gives the logits back.</summary>
    public double Calls(RwkvXState state, int count)
    {
        float[] logits = new float[model.Config.VocabSize];
        int[] token = [100];
        return Median(count, () => model.Forward(state, token, logits));
    }

    /// <summary>Median time of a call that decodes one token of each of many sequences.</summary>
    public double Batch(int size, int count)
    {
        RwkvXState[] states = [.. Enumerable.Range(0, size).Select(_ => model.CreateState())];
        ForwardItem[] items = [.. states.Select((s, i) => new ForwardItem(s, new int[] { 100 + i }, new float[model.Config.VocabSize]))];
        double median = Median(count, () => model.Forward(items));
        Array.ForEach(states, s => s.Dispose());
        return median;
    }

    /// <summary>Time of a prompt from an empty state, the second of two runs, the logits of its last token included.</summary>
    public double Prefill(int tokens)
    {
        int[] prompt = new int[tokens];
        Random random = new(1);
        for (int i = 0; i < tokens; i++)
            prompt[i] = random.Next(1, model.Config.VocabSize);
        double seconds = 0;
        for (int run = 0; run < 2; run++)
        {
            using RwkvXState state = model.CreateState();
            Stopwatch watch = Stopwatch.StartNew();
            model.Forward(state, prompt, new float[model.Config.VocabSize]);
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
