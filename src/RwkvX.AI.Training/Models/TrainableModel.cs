using RwkvX.AI.Checkpoints;
using RwkvX.AI.Models;
using static TorchSharp.torch;

namespace RwkvX.AI.Training.Models;

/// <summary>A model's parameters as they are trained: single-precision masters by their names in the checkpoint.</summary>
public sealed class TrainableModel : IDisposable
{
    private readonly OrderedDictionary<string, Tensor> _parameters = [];

    /// <summary>A model without parameters; <see cref="Add"/> gives it some.</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="prefix">What the names of RWKV-7 layers begin with: <c>rwkv.</c> or nothing.</param>
    internal TrainableModel(RwkvXConfig config, string prefix)
    {
        Config = config;
        Prefix = prefix;
    }

    /// <summary>The sizes.</summary>
    public RwkvXConfig Config { get; }

    /// <summary><c>rwkv.</c>, or nothing in a plain RWKV-7 checkpoint.</summary>
    public string Prefix { get; }

    /// <summary>The masters by name, in the order of the checkpoint; F32 leaves.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => _parameters;

    /// <summary>Number of parameters.</summary>
    public long ParameterCount => _parameters.Values.Sum(parameter => parameter.numel());

    /// <summary>Where the parameters are.</summary>
    public Device Device => _parameters.Values.First().device;

    /// <summary>A parameter by its full name.</summary>
    internal Tensor this[string name] => _parameters[name];

    /// <summary>Reads a checkpoint of any element type into single-precision masters.</summary>
    /// <param name="files">The model; may be disposed afterwards.</param>
    /// <param name="device">Where the parameters go; null for the CPU.</param>
    /// <exception cref="CheckpointException">The file is not a model.</exception>
    public static TrainableModel Load(ModelFiles files, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Load(files.Checkpoint, ModelTensors.Read(files).Config, device);
    }

    internal static TrainableModel Load(Checkpoint checkpoint, RwkvXConfig config, Device? device = null)
    {
        TrainableModel model = new(config, checkpoint.Tensors.ContainsKey("rwkv.emb.weight") ? "rwkv." : "");
        HashSet<CheckpointTensor> scales = [.. checkpoint.Tensors.Values.Select(tensor => tensor.Scale).OfType<CheckpointTensor>()];
        foreach (CheckpointTensor stored in checkpoint.Tensors.Values)
        {
            if (scales.Contains(stored) || IsUnused(stored.Name, model.Prefix)) continue;
            float[] values = new float[stored.ElementCount];
            stored.CopyTo(values);
            model.Add(stored.Name, tensor(values, [.. stored.Shape.Select(size => (long)size)], device: device));
        }

        return model;
    }

    /// <summary>Takes a parameter over as a master.</summary>
    internal void Add(string name, Tensor values)
    {
        Tensor master = values.detach().to(ScalarType.Float32).requires_grad_(true);
        _parameters.Add(name, master.DetachFromDisposeScope());
    }

    /// <summary>Forgets all gradients.</summary>
    public void ZeroGradients()
    {
        foreach (Tensor parameter in _parameters.Values)
        {
            using Tensor? old = parameter.grad;
            parameter.grad = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor parameter in _parameters.Values) parameter.Dispose();
        _parameters.Clear();
    }

    /// <summary>The value residual of layer 0 stands in some published files and is never used.</summary>
    private static bool IsUnused(string name, string prefix) =>
        name.StartsWith(prefix + "blocks.0.att.v", StringComparison.Ordinal) && name[^1] is '0' or '1' or '2'
        && name.Length == prefix.Length + "blocks.0.att.v0".Length;
}
