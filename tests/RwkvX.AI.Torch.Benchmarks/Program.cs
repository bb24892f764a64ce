// Measures the CUDA engine on random weights of a shape and prints each figure beside its floor.
//   dotnet run -c Release -- [--shape 32x2560+8] [--precision bf16] [--steps 200] [--contexts 0,8192] [--prefill 4096,32768] [--batches 64,256] [--define NAME=VALUE,...]
using System.Diagnostics;
using System.Globalization;
using RwkvX.AI.Models;
using RwkvX.AI.Torch;
using RwkvX.AI.Torch.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string Option(string name, string fallback)
{
    int at = Array.IndexOf(args, "--" + name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : fallback;
}
int[] Numbers(string name, string fallback) => [.. Option(name, fallback).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

string shape = Option("shape", "32x2560+8");
int[] sizes = [.. shape.Split('x', '+').Select(int.Parse)];
Precision precision = Enum.Parse<Precision>(Option("precision", "bf16"), ignoreCase: true);
using RandomCheckpoint checkpoint = new(sizes[0], sizes[1], sizes[2], 65536);
Stopwatch watch = Stopwatch.StartNew();
using CudaModel model = CudaModel.Load(ModelTensors.Read(checkpoint), new CudaModelOptions
{
    Precision = precision,
    KernelDefines = [.. Option("define", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(d => "-D" + d)],
});
Console.WriteLine($"{shape} {precision} on {model.Engine.Description}; loaded in {watch.Elapsed.TotalSeconds:f1} s, {model.CompiledKernels} kernels compiled, {model.AllWeightBytes / 1e9:f2} GB of weights");

DeviceTimer timer = new(model);
double bandwidth = timer.CopyBandwidth();
double floor = model.Engine.WeightBytes / bandwidth;
Console.WriteLine($"device copy {bandwidth / 1e12:f2} TB/s; a step reads {model.Engine.WeightBytes / 1e9:f3} GB of weights: floor {floor * 1e3:f3} ms");
int steps = int.Parse(Option("steps", "200"));
foreach (int context in Numbers("contexts", "0,8192"))
{
    using RwkvXState state = timer.StateOf(context);
    (double median, double best) = timer.Steps([state], steps);
    double call = timer.Calls(state, steps);
    Console.WriteLine($"decode batch 1, context {context,8}: median {median * 1e3:f3} ms, best {best * 1e3:f3} ms, {median / floor:f2} x floor; with the call and its logits {call * 1e3:f3} ms");
}
foreach (int lanes in Numbers("lanes", "2,4"))
{
    RwkvXState[] states = [.. Enumerable.Range(0, lanes).Select(_ => timer.StateOf(0))];
    (double median, _) = timer.Steps(states, steps);
    Console.WriteLine($"decode batch {lanes}: median {median * 1e3:f3} ms, {lanes / median:f0} tok/s");
    Array.ForEach(states, s => s.Dispose());
}
foreach (int batch in Numbers("batches", ""))
{
    double seconds = timer.Batch(batch, Math.Min(steps, 20));
    Console.WriteLine($"decode batch {batch}: {seconds * 1e3:f2} ms with logits copied back, {batch / seconds:f0} tok/s");
}
foreach (int tokens in Numbers("prefill", "4096"))
{
    double seconds = timer.Prefill(tokens);
    Console.WriteLine($"prefill {tokens,7}: {seconds * 1e3:f1} ms, {tokens / seconds:f0} tok/s");
}
(long free, long total) = model.Device.Memory();
Console.WriteLine($"device memory in use {(total - free) / 1e9:f2} GB");
