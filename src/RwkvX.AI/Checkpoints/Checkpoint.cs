using System.Diagnostics.CodeAnalysis;

namespace RwkvX.AI.Checkpoints;

/// <summary>An opened file of named tensors.</summary>
/// <remarks>Everything is checked on opening; no part of a file is ever executed. Members may be called from any thread, <see cref="Dispose()"/> when no other call runs.</remarks>
public abstract class Checkpoint : IDisposable
{
    /// <summary>The file's path, or a name in angle brackets for a model embedded in an assembly.</summary>
    public abstract string Path { get; }

    /// <summary>All tensors by their published names.</summary>
    public abstract IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Opens a safetensors file or a PyTorch <c>.pth</c> file, whichever its content is. The file is mapped, not read.</summary>
    /// <exception cref="CheckpointException">The file is missing, unreadable, damaged, or of another kind.</exception>
    public static Checkpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(CheckpointMemory.Map(path));
    }

    /// <summary>Opens what is in memory, and takes it over: it is disposed with the checkpoint, or at once where opening fails.</summary>
    internal static Checkpoint Open(CheckpointMemory memory)
    {
        try
        {
            if (PyTorchFile.Recognizes(memory))
                return new PyTorchFile(memory);
            return SafetensorsFile.Recognizes(memory) ? new SafetensorsFile(memory) : throw OfAnotherKind(memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Looks a tensor up.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out CheckpointTensor? tensor) => Tensors.TryGetValue(name, out tensor);

    /// <summary>Looks a tensor up and checks its shape.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The sizes it must have, -1 for any; nothing where its shape does not matter.</param>
    /// <exception cref="CheckpointException">There is no such tensor, or it has another shape.</exception>
    public CheckpointTensor Get(string name, params ReadOnlySpan<int> shape)
    {
        if (!TryGet(name, out CheckpointTensor? tensor))
            throw new CheckpointException(Path, name, shape.IsEmpty ? "a tensor" : TensorShape.Format(shape.ToArray()), "none");
        if (!shape.IsEmpty && !Matches(tensor.Shape, shape))
            throw new CheckpointException(Path, name, TensorShape.Format(shape.ToArray()), TensorShape.Format(tensor.Shape));
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Unmaps the file. Tensors must not be used afterwards.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>, false from a finalizer.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Gives every I8 tensor its <c>{name}_scale</c>.</summary>
    private protected static void LinkScales(string path, Dictionary<string, CheckpointTensor> tensors, AllocationBudget budget)
    {
        foreach (CheckpointTensor tensor in tensors.Values)
        {
            if (tensor.Type != TensorType.I8)
                continue;
            budget.ChargeString(tensor.Name.Length + 6, tensor.Name);
            if (!tensors.TryGetValue(tensor.Name + "_scale", out CheckpointTensor? scale))
                continue;
            bool fits = scale.Type == TensorType.F32 && tensor.Shape.Count == 2 && scale.Shape.Count == 1 && scale.Shape[0] == tensor.Shape[0];
            if (!fits)
            {
                throw new CheckpointException(
                    path, TensorShape.Printable(scale.Name), $"one F32 for each row of {TensorShape.Format(tensor.Shape)}", $"{scale.Type} {TensorShape.Format(scale.Shape)}");
            }
            tensor.Scale = scale;
        }
    }

    private static bool Matches(IReadOnlyList<int> found, ReadOnlySpan<int> expected)
    {
        bool matches = found.Count == expected.Length;
        for (int i = 0; matches && i < expected.Length; i++)
            matches = expected[i] < 0 || expected[i] == found[i];
        return matches;
    }

    private static CheckpointException OfAnotherKind(CheckpointMemory memory)
    {
        ReadOnlySpan<byte> start = memory.Slice(0, (int)Math.Min(memory.Length, 16));
        if (start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
            return new(memory.Path, "expected a PyTorch file in the zip form, found a bare pickle (save it with torch 1.6 or later)");
        return new(memory.Path, $"expected a safetensors file or a PyTorch zip, found {memory.Length} bytes starting {Convert.ToHexString(start)}");
    }
}
