using System.Text.Json;
using RwkvX.AI.Checkpoints;
using RwkvX.AI.Training.Optimization;
using RwkvX.AI.Training.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Runs;

/// <summary>Everything that a run needs to go on exactly: masters, moments and the place in the plan, in one file that is replaced whole.</summary>
internal static class RunCheckpoint
{
    private const string ProgressKey = "rwkvx.progress";

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">The file; the old one stays until the new one is complete.</param>
    /// <param name="parameters">Masters and what else is trained, by name.</param>
    /// <param name="optimizer">The moments.</param>
    /// <param name="progress">The place.</param>
    public static void Save(string path, IEnumerable<KeyValuePair<string, Tensor>> parameters, Optimizer optimizer, RunProgress progress)
    {
        List<TensorSource> sources = [.. parameters.Select(pair => Source(pair.Key, pair.Value))];
        sources.AddRange(optimizer.Moments.Select(moment => Source(moment.Name, moment.Values)));
        SafetensorsWriter.Write(path, sources, new Dictionary<string, string> { [ProgressKey] = JsonSerializer.Serialize(progress, PlanJson.Options) });
    }

    /// <summary>Reads a checkpoint into what was made for the plan; moments are taken where the optimizer has them.</summary>
    /// <exception cref="CheckpointException">The file is damaged or of another model.</exception>
    public static RunProgress Load(string path, IEnumerable<KeyValuePair<string, Tensor>> parameters, Optimizer? optimizer)
    {
        using Checkpoint file = Checkpoint.Open(path);
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor parameter) in parameters) Copy(file, name, parameter);
        foreach ((string name, Tensor values) in optimizer?.Moments ?? [])
        {
            if (file.TryGet(name, out _)) Copy(file, name, values); // else trained in another stage only
        }

        return ReadProgress(path);
    }

    /// <summary>The place alone.</summary>
    public static RunProgress ReadProgress(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using BinaryReader reader = new(stream);
        using JsonDocument header = JsonDocument.Parse(reader.ReadBytes(checked((int)reader.ReadInt64())));
        return JsonSerializer.Deserialize<RunProgress>(header.RootElement.GetProperty("__metadata__").GetProperty(ProgressKey).GetString()!, PlanJson.Options)!;
    }

    /// <summary>A tensor to be written, in single precision.</summary>
    internal static TensorSource Source(string name, Tensor values)
    {
        int[] shape = [.. values.shape.Select(size => (int)size)];
        return new TensorSource(name, TensorType.F32, shape, stream =>
        {
            using DisposeScope scope = NewDisposeScope();
            stream.Write(values.detach().cpu().contiguous().bytes);
        });
    }

    private static void Copy(Checkpoint file, string name, Tensor destination)
    {
        float[] values = new float[destination.numel()];
        file.Get(name, [.. destination.shape.Select(size => (int)size)]).CopyTo(values);
        using DisposeScope scope = NewDisposeScope();
        destination.copy_(tensor(values, destination.shape));
    }
}
