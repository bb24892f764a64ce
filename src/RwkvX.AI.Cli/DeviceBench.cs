using System.Diagnostics;
using RwkvX.AI.Generation;
using RwkvX.AI.Models;
using RwkvX.AI.Torch;
using RwkvX.AI.Torch.Cuda;

namespace RwkvX.AI.Cli;

/// <summary>Measures a model on a GPU beside the floor: every weight read once at the bandwidth of a copy in the same run.</summary>
internal sealed class DeviceBench
{
    // Longer contexts are made by filling pages: reading them would take minutes and say nothing more of decoding.
    private const int LongestPrompt = 131_072;

    // Seconds of prompts of one length before its steady figure: by then clocks have fallen as far as they do, for short prompts as for long ones.
    private const double SteadyLoad = 3;

    // Memory of the device that is left to passes, graphs and others.
    private const long Reserve = 3L << 30;

    // The largest batch that runs as one graph of fused kernels.
    private const int LargestStep = 4;

    private static readonly SamplingOptions Greedy = new() { Temperature = 0 };
    private static readonly SamplingOptions TopP = new() { Temperature = 0.9f, TopP = 0.8f, Seed = 1 };

    private readonly CliHost _host;
    private readonly CudaModel _model;
    private readonly DeviceTimer _timer;
    private readonly DeviceBenchFigures _figures;

    /// <param name="host">Where lines go, as they are measured.</param>
    /// <param name="model">The model, just loaded.</param>
    /// <param name="name">What it is called.</param>
    public DeviceBench(CliHost host, CudaModel model, string name)
    {
        (_host, _model, _timer) = (host, model, new DeviceTimer(model));
        List<DeviceBenchStart> startup = [.. model.Startup.Select(part => new DeviceBenchStart(part.Part, part.Time.TotalSeconds))];
        startup.Add(new DeviceBenchStart("64 tokens and the next one", _timer.Prefill(64, runs: 1)));
        startup.Add(new DeviceBenchStart("all since the process started", (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds));
        double bandwidth = _timer.CopyBandwidth();
        EngineInfo engine = model.Engine;
        _figures = new DeviceBenchFigures
        {
            Model = name,
            Shape = ModelShape.Of(model.Config),
            Precision = $"{engine.Precision}",
            State = $"{engine.StatePrecision}",
            Device = $"{engine.Device}, {engine.Description}",
            Startup = startup,
            CopyBandwidth = bandwidth,
            WeightBytes = engine.WeightBytes,
            FloorSeconds = engine.WeightBytes / bandwidth,
        };
        Line($"model: {_figures.Model}, {_figures.Shape}, {_figures.Precision}, states {_figures.State}");
        Line($"device: {_figures.Device}");
        Line($"start, seconds: {string.Join(", ", startup.Select(s => FormattableString.Invariant($"{s.Part} {s.Seconds:F3}")))}; kernels compiled: {model.CompiledKernels}");
        Line($"copy: {bandwidth / 1e12:F2} TB/s; a step reads {engine.WeightBytes / 1e9:F3} GB of weights: floor {_figures.FloorSeconds * 1e3:F3} ms");
    }

    /// <summary>Measures all combinations.</summary>
    /// <param name="contexts">Tokens behind each sequence; each also a prompt, up to 131,072.</param>
    /// <param name="batches">Sequences that decode together.</param>
    /// <param name="steps">Steps a figure at batch 1; larger batches take fewer.</param>
    /// <param name="cancellationToken">Acts between figures.</param>
    public DeviceBenchFigures Run(IReadOnlyList<int> contexts, IReadOnlyList<int> batches, int steps, CancellationToken cancellationToken)
    {
        foreach (int context in contexts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (context is > 0 and <= LongestPrompt)
                Prefill(context);
            foreach (int batch in batches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Decode(context, batch, Math.Max(steps / Math.Max(batch / 8, 1), 20));
            }
        }

        Line($"device memory in use: {_figures.PeakBytes / 1e9:F2} GB at most, other programs' included; beyond the weights and the pages of its tokens {_figures.PeakBytesBeyond / 1e9:F3} GB:");
        foreach (DeviceBenchMemory kind in _figures.PeakMemory)
            Line($"  {kind.Bytes / 1e9,7:F3} GB {kind.What}");
        return _figures;
    }

    private void Prefill(int tokens)
    {
        double seconds = _timer.Prefill(tokens, runs: tokens <= 32_768 ? 3 : 2);
        (double steady, double first, double last) = _timer.SteadyPrefill(tokens, SteadyLoad);
        DeviceBenchPrefill figure = new(tokens, seconds, tokens / seconds, 2.0 * _model.StepElements * tokens / seconds, steady, first, last);
        _figures.Prefill.Add(figure);
        Line($"prefill {tokens,8}: {seconds * 1e3,9:F1} ms {figure.TokensPerSecond,9:F0} tok/s {figure.ProductFlops / 1e12,6:F0} TFLOP/s in products; after {SteadyLoad} s of it {steady * 1e3:F1} ms {tokens / steady:F0} tok/s, first and last pass {first * 1e3:F2} and {last * 1e3:F2} ms");
        NotePeak(tokens);
    }

    private void Decode(int context, int batch, int steps)
    {
        (long Pages, long States) needed = _model.SequenceBytes(batch, context + (8L * steps));
        if (!Fits(needed, (_model.FreePageBytes, _model.FreeStateBytes), _model.Device.Memory().Free - Reserve))
        {
            long bytes = needed.Pages + needed.States;
            _figures.Skipped.Add(new DeviceBenchSkipped(context, batch, bytes));
            Line($"decode context {context,8} batch {batch,4}: does not fit: {bytes / 1e9:F1} GB");
            return;
        }

        RwkvXState[] states = [.. Enumerable.Range(0, batch).Select(_ => _timer.StateOf(context))];
        try
        {
            double step = batch is 1 or 2 or LargestStep ? _timer.Steps(states, steps).Median : 0;
            double call = _timer.Calls(states, Greedy, steps), sampled = _timer.Calls(states, TopP, Math.Max(steps / 4, 10));
            double told = step > 0 ? step : call, bandwidth = _figures.CopyBandwidth, moved = _model.Engine.WeightBytes + (batch * _model.SequenceStepBytes(context));
            DeviceBenchDecode figure = new(context, batch, step, call, sampled, batch / call, _model.Engine.WeightBytes / told, told / _figures.FloorSeconds);
            _figures.Decode.Add(figure);
            string device = step > 0 ? FormattableString.Invariant($"step {step * 1e3,7:F3} ms, ") : "";
            Line($"decode context {context,8} batch {batch,4}: {device}greedy call {call * 1e3,7:F3} ms, top-p {sampled * 1e3,7:F3} ms, {figure.TokensPerSecond,7:F0} tok/s, {figure.AchievedBandwidth / 1e12:F2} TB/s of weights, {figure.TimesFloor:F2} x floor, {moved / bandwidth * 1e3:F3} ms with pages and states, {told / (moved / bandwidth):F2} x");
            NotePeak(batch * states.Max(state => state.TokenCount));
        }
        finally
        {
            Array.ForEach(states, state => state.Dispose());
        }
    }

    /// <summary>Whether the device has room. Pages and recurrent states keep what they took from it, each for themselves.</summary>
    /// <param name="needed">Bytes that the sequences need.</param>
    /// <param name="kept">Bytes that were taken before and are held by no sequence.</param>
    /// <param name="free">Bytes that the device can still give.</param>
    internal static bool Fits((long Pages, long States) needed, (long Pages, long States) kept, long free)
        => Math.Max(needed.Pages - kept.Pages, 0) + Math.Max(needed.States - kept.States, 0) <= free;

    private void NotePeak(long tokens)
    {
        (long free, long total) = _model.Device.Memory();
        if (total - free <= _figures.PeakBytes)
            return;
        _figures.PeakBytes = total - free;
        _figures.PeakBytesBeyond = total - free - _model.AllWeightBytes - _model.PageBytes(tokens);
        List<DeviceBenchMemory> kinds = [.. DeviceMemory.Kinds.Select(kind => new DeviceBenchMemory(kind.What, kind.Bytes))];
        kinds.Insert(0, new("the driver's and other programs', before anything else", _model.Device.BytesBefore));
        kinds.Add(new("the rest: cuBLAS, code, graphs, rounding", total - free - kinds.Sum(kind => kind.Bytes)));
        _figures.PeakMemory = kinds;
    }

    private void Line(FormattableString line) => _host.Out.WriteLine(FormattableString.Invariant(line));
}
