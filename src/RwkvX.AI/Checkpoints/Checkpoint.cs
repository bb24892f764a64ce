using System.Diagnostics.CodeAnalysis;

namespace RwkvX.AI.Checkpoints;

/// <summary>An opened file of named tensors.</summary>
public abstract class Checkpoint : IDisposable
{
    /// <summary>The file's path, or a name in angle brackets for a model embedded in an assembly.</summary>
    public abstract string Path { get; }

    /// <summary>All tensors by their published names.</summary>
    public abstract IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Looks a tensor up.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out CheckpointTensor? tensor) => Tensors.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Unmaps the file. Tensors must not be used afterwards.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>, false from a finalizer.</param>
    protected abstract void Dispose(bool disposing);
}
